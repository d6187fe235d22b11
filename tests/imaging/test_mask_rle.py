# SPDX-License-Identifier: Apache-2.0
"""Tests of run-length masks against pycocotools and hand-made masks."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from monai_medglip.errors import GeometryError
from monai_medglip.imaging import MaskRLE


@pytest.fixture
def mask() -> np.ndarray:
    return np.random.default_rng(0).random((17, 11)) > 0.6


def test_a_2d_mask_is_coded_as_coco_codes_the_picture(mask: np.ndarray) -> None:
    expected = coco_mask.encode(np.asfortranarray(mask.T.astype(np.uint8)))
    assert MaskRLE.encode(mask).to_coco() == {"size": [11, 17], "counts": expected["counts"].decode()}


def test_a_2d_mask_comes_back_from_coco(mask: np.ndarray) -> None:
    rle = MaskRLE.encode(mask)
    assert MaskRLE.from_coco(rle.to_coco()) == rle
    np.testing.assert_array_equal(coco_mask.decode(rle.to_coco()).T.astype(bool), mask)


def test_uncompressed_coco_counts_are_read() -> None:
    # A picture of 2 rows and 3 columns, counted down the columns: 1 off, 2 on, 3 off.
    decoded = MaskRLE.from_coco({"size": [2, 3], "counts": [1, 2, 3]}).decode()
    np.testing.assert_array_equal(decoded, [[False, True], [True, False], [False, False]])


def test_a_volume_keeps_every_voxel_in_its_place() -> None:
    volume = np.random.default_rng(1).random((5, 6, 7)) > 0.5
    rle = MaskRLE.encode(volume)
    np.testing.assert_array_equal(rle.decode(), volume)
    assert rle.area == volume.sum()


def test_area_and_box_are_those_of_the_mask() -> None:
    mask = np.zeros((10, 12, 8), dtype=np.uint8)
    mask[2:5, 3:4, 1:8] = 7
    rle = MaskRLE.encode(mask)
    assert rle.area == 3 * 1 * 7
    np.testing.assert_array_equal(rle.box, [2, 3, 1, 5, 4, 8])


@pytest.mark.parametrize("value", [False, True])
def test_an_even_mask_is_coded(value: bool) -> None:
    assert MaskRLE.encode(np.full((3, 4), value)).area == 12 * value


def test_an_empty_mask_has_no_box() -> None:
    with pytest.raises(GeometryError):
        _ = MaskRLE.encode(np.zeros((3, 4))).box


def test_a_volume_has_no_coco_form() -> None:
    with pytest.raises(GeometryError, match="COCO codes 2D masks"):
        MaskRLE.encode(np.ones((2, 3, 4))).to_coco()


@pytest.mark.parametrize("shape", [(3,), (2, 2, 2, 2), (0, 4)])
def test_an_array_that_is_no_mask_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(GeometryError, match="a mask must have shape"):
        MaskRLE.encode(np.zeros(shape))


def test_runs_of_another_image_are_refused(mask: np.ndarray) -> None:
    with pytest.raises(GeometryError, match=r"add up to 200 voxels, got 187"):
        MaskRLE((10, 20), MaskRLE.encode(mask).counts)


@pytest.mark.parametrize("counts", [b"", b"\xff\xff", b"o", b"oooooooooo0"])
def test_damaged_runs_are_refused(counts: bytes) -> None:
    with pytest.raises(GeometryError, match="the runs of a mask"):
        MaskRLE((2, 2), counts)


def test_masks_are_equal_by_value_and_can_be_pickled(mask: np.ndarray) -> None:
    rle = MaskRLE.encode(mask)
    assert pickle.loads(pickle.dumps(rle)) == rle
    assert rle != MaskRLE.encode(~mask)


@pytest.mark.parametrize("shape", [(7, 9), (64, 33), (5, 6, 7)])
def test_boxes_and_common_areas_are_those_of_the_arrays(shape: tuple[int, ...]) -> None:
    chance = np.random.default_rng(0)
    for share in (0.02, 0.3, 0.95):
        one, other = chance.random(shape) < share, chance.random(shape) < share
        first, second = MaskRLE.encode(one), MaskRLE.encode(other)
        assert first.common_area(second) == np.count_nonzero(one & other)
        hits = np.argwhere(one)
        assert first.box.tolist() == [*hits.min(axis=0), *(hits.max(axis=0) + 1)]


def test_masks_of_two_grids_have_no_common_area() -> None:
    with pytest.raises(GeometryError, match="masks of one grid"):
        MaskRLE.encode(np.ones((2, 3))).common_area(MaskRLE.encode(np.ones((3, 2))))
