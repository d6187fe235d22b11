# SPDX-License-Identifier: Apache-2.0
"""Tests that a volume of one slice, along whatever axis, is a 2D image with its place in space."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_medglip.readers import read_frame, read_image
from tests.volume_files import CHEST_AFFINE, chest_ct, turned, write_nifti_in_order, write_nrrd

AFFINE = turned(CHEST_AFFINE, 20)
CHEST = chest_ct(AFFINE)
WRITERS = {"nii.gz": write_nifti_in_order, "nrrd": write_nrrd, "mha": write_nrrd}


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("suffix", WRITERS)
def test_pixels_and_place_are_those_of_the_slice(tmp_path: Path, suffix: str, axis: int) -> None:
    write: Callable[..., Path] = WRITERS[suffix]
    corner = np.zeros(3, int)
    corner[axis] = 11
    affine = AFFINE @ nibabel.affines.from_matvec(np.eye(3), corner)
    scan = read_image(write(tmp_path / f"a.{suffix}", CHEST.take([11], axis), affine))
    np.testing.assert_array_equal(scan.array[0], CHEST.take(11, axis))
    place = np.insert([3, 7], axis, 11)
    np.testing.assert_allclose(scan.frame.index_to_world([[3, 7]])[0], (AFFINE @ [*place, 1])[:3], atol=1e-3)
    np.testing.assert_allclose(scan.frame.spacing_mm, np.delete([8, 7, 11.5], axis), rtol=1e-5)


def test_the_last_axis_goes_where_several_are_single(tmp_path: Path) -> None:
    assert read_image(write_nifti_in_order(tmp_path / "a.nii", CHEST[:, 3:4, 5:6], AFFINE)).array.shape == (1, 44, 1)


def test_the_frame_alone_is_that_of_the_scan(tmp_path: Path) -> None:
    for name, array in (("volume.nii.gz", CHEST), ("slice.nii", CHEST[:1])):
        path = write_nifti_in_order(tmp_path / name, array, AFFINE, "LPI")
        assert read_frame(path) == read_image(path).frame
