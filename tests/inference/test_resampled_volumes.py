# SPDX-License-Identifier: Apache-2.0
"""Real volumes that SimpleITK resampled to another spacing and axis order: where boxes lie, and what is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from monai_medglip import Grounder
from monai_medglip.data_engine import GroundingFolder
from monai_medglip.geometry import Boxes, boxes_from_instances
from monai_medglip.readers import read_image
from tests.conftest import REPOSITORY

BUNDLE = REPOSITORY / "bundles" / "medglip_3d"
VOLUMES = {
    "openkbp": ["openkbp_060", "openkbp_182", "openkbp_286", "openkbp_312"],
    "msd_hippocampus": [f"msd_hippocampus_{number}" for number in ("015", "083", "084", "231")],
}
ORDERS = ["RSP", "ALS", "IPR"]
FINER = (0.9, 0.7, 0.8)


@pytest.fixture(scope="module")
def folder(shared_data):
    return GroundingFolder(shared_data / "3d")


def record_of(folder, name):
    """A volume of the validation split."""
    (record,) = (record for record in folder.records("val") if record.id == name)
    return record


def resampled(source: Path, target: Path, order: str, *, interpolator: int = SimpleITK.sitkLinear) -> Path:
    """Write a volume of the same extent with its axes in another order and a finer spacing."""
    image = SimpleITK.DICOMOrient(SimpleITK.ReadImage(str(source)), order)
    sizes, spacing = np.array(image.GetSize()), np.array(image.GetSpacing())
    finer = np.ceil(sizes / FINER).astype(int)
    step = sizes / finer  # of the new grid [voxels of the old one]
    origin = image.TransformContinuousIndexToPhysicalPoint((step / 2 - 0.5).tolist())
    grid = (finer.tolist(), SimpleITK.Transform(), interpolator, origin, (spacing * step).tolist())
    SimpleITK.WriteImage(SimpleITK.Resample(image, *grid, image.GetDirection()), str(target))
    return target


def label_boxes(path: Path) -> dict[int, Boxes]:
    """The box of each value of a label map, in its own grid."""
    scan = read_image(path)
    values, boxes = boxes_from_instances(scan.array[0].astype(np.int64))
    return {int(value): Boxes(box[None], scan.frame) for value, box in zip(values, boxes, strict=True)}


def carried_by_itk(boxes: Boxes, source: Path, target: Path) -> np.ndarray:
    """A box ``(6,)`` taken to another file's grid corner by corner, through points in the patient."""
    one, other = (SimpleITK.ReadImage(str(path)) for path in (source, target))
    ends = boxes.data[0].reshape(2, 3) - 0.5
    corners = [[ends[pick, axis] for axis, pick in enumerate(picks)] for picks in np.ndindex(2, 2, 2)]
    points = (one.TransformContinuousIndexToPhysicalPoint(corner) for corner in corners)
    found = np.array([other.TransformPhysicalPointToContinuousIndex(point) for point in points]) + 0.5
    return np.concatenate([found.min(axis=0), found.max(axis=0)])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ["openkbp_060", "openkbp_286", "msd_hippocampus_015"])
def test_boxes_are_carried_to_where_the_resampled_labels_are(folder, tmp_path, name, order):
    (labels,) = record_of(folder, name).annotation
    path = resampled(labels, tmp_path / "labels.nii.gz", order, interpolator=SimpleITK.sitkNearestNeighbor)
    before, after = label_boxes(labels), label_boxes(path)
    assert set(before) == set(after)
    for value, boxes in before.items():
        carried = boxes.to_frame(after[value].frame).data[0]
        np.testing.assert_allclose(carried, carried_by_itk(boxes, labels, path), atol=2e-3)
        assert np.abs(carried - after[value].data[0]).max() <= 0.5 + 2e-3


@pytest.fixture(scope="module")
def grounder():
    if not (BUNDLE / "models" / "model.pt").is_file():
        pytest.skip("bundles/medglip_3d has no weights yet")
    return Grounder(BUNDLE, device="cpu")


def best_boxes(found, frame):
    """The best box of each phrase in a frame, ``(P, 6)``."""
    scored = [np.where(found.phrase_index == index, found.scores, -1) for index in range(len(found.phrases))]
    return found.boxes.to_frame(frame).data[[int(scores.argmax()) for scores in scored]]


def paired_iou(one, other):
    """IoU of boxes ``(N, 6)`` row by row."""
    sides = np.minimum(one[:, 3:], other[:, 3:]) - np.maximum(one[:, :3], other[:, :3])
    both = np.prod(np.maximum(sides, 0), axis=1)
    volumes = [np.prod(boxes[:, 3:] - boxes[:, :3], axis=1) for boxes in (one, other)]
    return both / (volumes[0] + volumes[1] - both)


@pytest.mark.parametrize("source", ["openkbp", "msd_hippocampus"])
def test_what_is_found_hardly_depends_on_spacing_and_order(folder, grounder, tmp_path, source):
    overlaps = []
    for number, name in enumerate(VOLUMES[source]):
        record = record_of(folder, name)
        phrases = sorted({region.concept for region in folder.regions(record)})
        path = resampled(record.image, tmp_path / f"{name}.nii.gz", ORDERS[number % 3])
        first, second = (
            grounder.ground(image, phrases, modality=record.modality, threshold=0.0) for image in (record.image, path)
        )
        overlaps.extend(paired_iou(*(best_boxes(found, first.frame) for found in (first, second))))
    assert len(overlaps) >= 8
    assert np.median(overlaps) >= 0.9, np.round(overlaps, 2)
