# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip import Grounding, Phrase, Scan
from monai_medglip.clinic.slice_wise import ground_slices, slice_of
from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Status, Support
from monai_medglip.imaging import MaskRLE
from tests.volume_files import CHEST_AFFINE, turned

SHAPE = (20, 16, 9)


@pytest.fixture
def scan():
    frame = Frame(turned(CHEST_AFFINE, 20), SHAPE, spacing_known=True)
    array = np.broadcast_to(np.arange(9, dtype=np.float32), SHAPE)[None].copy()
    return Scan(array, frame)


def answering(boxes_by_slice, status=Status.FOUND):
    """Answers each slice, whose number is its intensity, with given boxes of one phrase."""

    def ask(image):
        boxes = np.array(boxes_by_slice.get(int(image.array.flat[0]), [])).reshape(-1, 4).astype(float)
        mask = np.zeros(image.spatial_shape, bool)
        for low_x, low_y, high_x, high_y in boxes.astype(int):
            mask[low_x:high_x, low_y:high_y] = True
        return Grounding(
            boxes=Boxes(boxes, image.frame),
            scores=np.linspace(0.9, 0.8, len(boxes)),
            phrase_index=np.zeros(len(boxes), np.int64),
            phrases=(Phrase("nodule"),),
            presence=np.array([0.5 + 0.05 * len(boxes)]),
            status=(status if len(boxes) else Status.ABSENT,),
            support=(Support.VALIDATED,),
            phrase_masks=(MaskRLE.encode(mask) if mask.any() else None,),
        )

    return ask


def test_a_slice_lies_where_it_lies_in_the_volume(scan):
    image = slice_of(scan, 5)
    assert image.array.shape == (1, 20, 16)
    np.testing.assert_array_equal(image.array, 5)
    corner = scan.frame.index_to_world([[3, 4, 5]])
    np.testing.assert_allclose(image.frame.index_to_world([[3, 4]]), corner)


def test_overlapping_boxes_of_neighboring_slices_become_one_region(scan):
    found = ground_slices(scan, answering({2: [[2, 2, 6, 6]], 3: [[3, 3, 8, 7]], 6: [[3, 3, 8, 7]]}))
    np.testing.assert_array_equal(found.boxes.data, [[2, 2, 2, 8, 7, 7]])
    assert found.status == (Status.FOUND,)
    assert found.phrase_masks[0].decode()[..., 4:6].sum() == 0
    assert found.presence[0] == pytest.approx(0.55)


def test_boxes_apart_stay_apart_the_best_first(scan):
    found = ground_slices(scan, answering({0: [[2, 2, 6, 6]], 1: [[2, 2, 6, 6], [10, 10, 14, 14]], 5: [[2, 2, 6, 6]]}))
    assert sorted(found.boxes.data.tolist()) == [[2, 2, 0, 6, 6, 2], [2, 2, 5, 6, 6, 6], [10, 10, 1, 14, 14, 2]]
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)


@pytest.mark.parametrize(
    ("boxes", "status", "expected"),
    [
        ({}, Status.FOUND, Status.UNSUPPORTED),
        ({1: [[0, 0, 2, 2]]}, Status.FOUND, Status.FOUND),
        ({z: [[0, 0, 2, 2]] for z in range(9)}, Status.NOT_APPLICABLE, Status.NOT_APPLICABLE),
    ],
)
def test_nothing_is_ever_said_to_be_absent_from_the_volume(scan, boxes, status, expected):
    assert ground_slices(scan, answering(boxes, status)).status == (expected,)
