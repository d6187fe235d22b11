# SPDX-License-Identifier: Apache-2.0
"""A clinic without a network: series of DICOM files, and bundles whose answers are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_medglip import Grounding, Phrase, Scan
from monai_medglip.clinic import BundleFacts, SelectionRules
from monai_medglip.errors import ConfigurationError
from monai_medglip.geometry import Boxes
from monai_medglip.grounding import Status, Support
from monai_medglip.imaging import MaskRLE
from monai_medglip.inference import ValidatedPhrase, ValidatedPhrases
from tests.dicom.conftest import PATIENT, PROVENANCE
from tests.volume_files import CHEST_AFFINE, chest_ct, dicom_slice, turned, write_dicom_series

LUNG_RULE = """
version: 1
rules:
  - name: chest CT
    modality: CT
    body_region: chest
    bundle: volumes
    phrases: [left lung, unicorn, pneumothorax]
"""
VALIDATED = ValidatedPhrases(
    location=tuple(
        ValidatedPhrase(phrase, "CT", "chest", 0.3, 0.1, None, 9) for phrase in ("left lung", "pneumothorax")
    ),
    absence=(ValidatedPhrase("pneumothorax", "CT", "chest", 0.3, 0.125, 0.0, 9),),
)


@dataclass
class KnownAsker:
    """Finds the left lung in a box of fixed share of the image; a pneumothorax is absent. It remembers what it saw."""

    dims: int = 3
    asked: list[tuple[Scan, tuple[str, ...]]] = field(default_factory=list)

    def facts(self, bundle: str) -> BundleFacts:
        if bundle != "volumes":
            raise ConfigurationError(f"no bundle {bundle!r}")
        return BundleFacts(self.dims, VALIDATED, PROVENANCE)

    def ask(self, bundle: str, scan: Scan, phrases: Sequence[Phrase]) -> Grounding:
        self.asked.append((scan, tuple(phrase.text for phrase in phrases)))
        size = np.array(scan.spatial_shape)
        box = np.concatenate([size // 4, size // 2]).astype(float)
        mask = np.zeros(scan.spatial_shape, bool)
        mask[tuple(slice(low, high) for low, high in zip(size // 4, size // 2, strict=True))] = True
        found = [phrase.text == "left lung" for phrase in phrases]
        rows = np.flatnonzero(found)
        return Grounding(
            boxes=Boxes(np.tile(box, (len(rows), 1)).reshape(-1, 2 * len(size)), scan.frame),
            scores=np.full(len(rows), 0.8),
            phrase_index=rows,
            phrases=tuple(phrases),
            presence=np.where(found, 0.9, 0.1),
            status=tuple(Status.FOUND if hit else Status.ABSENT for hit in found),
            support=(Support.VALIDATED,) * len(phrases),
            phrase_masks=tuple(MaskRLE.encode(mask) if hit else None for hit in found),
            instance_masks=(MaskRLE.encode(mask),) * len(rows),
            provenance={**PROVENANCE, "image": scan.source.path},
        )


@pytest.fixture
def asker() -> KnownAsker:
    return KnownAsker()


@pytest.fixture
def write_rules(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a file of rules."""

    def write(text: str) -> Path:
        path = tmp_path / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def rules(write_rules: Callable[[str], Path]) -> SelectionRules:
    return SelectionRules.read(write_rules(LUNG_RULE))


CHEST: dict[str, Any] = {**PATIENT, "BodyPartExamined": "CHEST", "SeriesDescription": "Thorax axial"}


@pytest.fixture(scope="session")
def chest_series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a chest CT on an oblique grid."""
    affine, shape = turned(CHEST_AFFINE, 20), (44, 34, 8)
    return write_dicom_series(tmp_path_factory.mktemp("chest") / "Müller", chest_ct(affine, shape), affine, **CHEST)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """The folder of one chest film that does not tell its body part."""
    folder = tmp_path / "film"
    folder.mkdir()
    attributes = {**PATIENT, "Modality": "DX", "SeriesDescription": "Thorax p.a.", "PatientOrientation": ["L", "F"]}
    dicom_slice(np.arange(20 * 30, dtype=np.uint16).reshape(20, 30), **attributes).save_as(
        folder / "film.dcm", enforce_file_format=True
    )
    return folder
