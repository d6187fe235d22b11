# SPDX-License-Identifier: Apache-2.0
"""Tests that one volume, however it is stored, gives the same values at the same places in the patient."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_medglip.imaging import Scan
from monai_medglip.readers import read_image
from tests.volume_files import (
    AXIS_ORDERS,
    CHEST_AFFINE,
    chest_ct,
    turned,
    write_dicom_series,
    write_nifti_in_order,
    write_nrrd,
)

PLACES = {"straight": CHEST_AFFINE, "oblique": turned(CHEST_AFFINE, 25)}
MIRRORED = CHEST_AFFINE @ np.diag([-1.0, 1, 1, 1])


def assert_same_patient(scan: Scan, array: np.ndarray, affine: np.ndarray) -> None:
    """Every voxel of an array with its affine is found in the scan, at its place and with its value."""
    indices = np.argwhere(np.ones(array.shape, bool))
    found = scan.frame.world_to_index(nibabel.affines.apply_affine(affine, indices))
    nearest = np.rint(found).astype(int)
    np.testing.assert_allclose(found, nearest, atol=1e-3)
    np.testing.assert_array_equal(scan.array[0][tuple(nearest.T)], array[tuple(indices.T)])
    assert scan.array.size == array.size
    assert scan.frame.orientation_known
    assert scan.frame.spacing_known


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("order", AXIS_ORDERS)
def test_nifti_in_every_axis_order(tmp_path: Path, order: str, place: str) -> None:
    affine = PLACES[place]
    array = chest_ct(affine)
    path = write_nifti_in_order(tmp_path / "a.nii", array, affine, order)
    assert "".join(nibabel.aff2axcodes(nibabel.load(path).affine)) == order
    assert_same_patient(read_image(path), array, affine)


@pytest.mark.parametrize("affine", [*PLACES.values(), MIRRORED], ids=[*PLACES, "mirrored"])
@pytest.mark.parametrize("suffix", ["nrrd", "nhdr", "mha", "mhd"])
def test_nrrd_and_metaimage(tmp_path: Path, suffix: str, affine: np.ndarray) -> None:
    array = chest_ct(affine)
    assert_same_patient(read_image(write_nrrd(tmp_path / f"a.{suffix}", array, affine)), array, affine)


@pytest.mark.parametrize("affine", [*PLACES.values(), MIRRORED], ids=[*PLACES, "mirrored"])
@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2, 0), (2, 0, 1)], ids=["axial", "sagittal", "coronal"])
def test_dicom_series_in_every_plane(tmp_path: Path, axes: tuple[int, ...], affine: np.ndarray) -> None:
    array = chest_ct(affine)
    sliced = affine[:, [*axes, 3]]
    assert_same_patient(read_image(write_dicom_series(tmp_path, array.transpose(axes), sliced)), array, affine)
