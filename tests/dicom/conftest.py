# SPDX-License-Identifier: Apache-2.0
"""A made CT series on an oblique, anisotropic grid, and groundings in its voxels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_medglip import Grounding, Phrase, read_image
from monai_medglip.dicom import SourceImages
from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Status, Support
from monai_medglip.imaging import MaskRLE
from monai_medglip.ontology import Side
from tests.volume_files import CHEST_AFFINE, CHEST_SHAPE, chest_ct, turned, write_dicom_series

PATIENT: dict[str, Any] = {
    "PatientName": "Müller^Jürgen",
    "PatientID": "42",
    "PatientBirthDate": "19500101",
    "PatientSex": "O",
    "StudyInstanceUID": "1.2.3.9",
    "StudyID": "1",
    "StudyDate": "20260101",
    "StudyTime": "120000",
    "AccessionNumber": "7",
    "ReferringPhysicianName": "",
    "SeriesNumber": 1,
    "SpecificCharacterSet": "ISO_IR 100",
}
PROVENANCE = {"model": "medglip_3d", "version": "0.1.0", "weights_sha256": "ab" * 32, "threshold": 0.2}
Ground = Callable[..., Grounding]


def series_on(folder: Path, affine: np.ndarray, shape: tuple[int, int, int] = CHEST_SHAPE) -> Path:
    """A CT series of a patient with an umlaut."""
    return write_dicom_series(folder, chest_ct(affine, shape), affine, **PATIENT)


@pytest.fixture(scope="session")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The scan of such a series."""
    return read_image(series_on(tmp_path_factory.mktemp("series") / "ct", turned(CHEST_AFFINE, 20)))


@pytest.fixture(scope="session")
def sources(scan: Any) -> SourceImages:
    """Its headers."""
    return SourceImages.of(scan)


def grounding_in(frame: Frame, boxes: np.ndarray, **changes: Any) -> Grounding:
    """Regions of a left and a right lung, and of four phrases that are not shown."""
    phrases = (
        Phrase("left lung", "left lung", Side.LEFT),
        Phrase("Lungenflügel rechts", "right lung", Side.RIGHT),
        Phrase("liver", "liver"),
        Phrase("pneumothorax", "pneumothorax"),
        Phrase("unicorn"),
        Phrase("no mass", "mass", negated=True),
    )
    masks = []
    for box in boxes:
        mask = np.zeros(frame.shape, bool)
        low, high = np.round(box).astype(int).reshape(2, -1)
        mask[tuple(slice(a, max(b, a + 1)) for a, b in zip(low, high, strict=True))] = True
        masks.append(MaskRLE.encode(mask))
    values: dict[str, Any] = {
        "boxes": Boxes(boxes, frame),
        "scores": np.array([0.9, 0.75, 0.6])[: len(boxes)],
        "phrase_index": np.array([0, 1, 4])[: len(boxes)],
        "phrases": phrases,
        "presence": np.array([0.99, 0.98, 0.1, 0.02, 0.6, np.nan]),
        "status": (Status.FOUND, Status.FOUND, Status.UNSUPPORTED, Status.ABSENT, Status.FOUND, Status.NEGATED),
        "support": (*[Support.VALIDATED] * 4, Support.UNSEEN, Support.VALIDATED),
        "phrase_masks": (*masks[:2], None, None, masks[2] if len(masks) > 2 else None, None),
        "instance_masks": tuple(masks),
        "provenance": PROVENANCE,
    }
    return Grounding(**(values | changes))


@pytest.fixture
def grounding(scan: Any) -> Grounding:
    """Two lungs that are shown and a unicorn that must not be."""
    boxes = np.array([[2.25, 5, 4, 15, 25.5, 20], [25, 5, 4.25, 40, 26, 21], [1, 1, 1, 4, 4, 4]])
    return grounding_in(scan.frame, boxes)
