# SPDX-License-Identifier: Apache-2.0
"""Tests of the memory that reading a volume takes beside the array that it gives."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_medglip.readers import read_image
from tests.volume_files import CHEST_AFFINE, chest_ct, write_dicom_series, write_nifti_in_order, write_nrrd

CHEST = np.kron(chest_ct(), np.ones((8, 8, 2), np.int16))


def write_scaled(path: Path, array: np.ndarray, affine: np.ndarray) -> Path:
    image = nibabel.Nifti1Image(array, affine)
    image.header.set_slope_inter(0.5, -3)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize(
    ("name", "write", "times"),
    [
        ("a.nii", write_nifti_in_order, 1.2),
        ("a.nii.gz", write_nifti_in_order, 2.2),
        ("scaled.nii.gz", write_scaled, 1.8),
        # SimpleITK's own image is not counted: it is as large as the array
        ("a.nrrd", write_nrrd, 1.2),
        ("a.mha", write_nrrd, 1.2),
        ("series", write_dicom_series, 1.6),
    ],
)
def test_reading_takes_little_more_than_the_array(
    tmp_path: Path, name: str, write: Callable[..., Path], times: float
) -> None:
    path = write(tmp_path / name, CHEST, CHEST_AFFINE)
    read_image(path)
    tracemalloc.start()
    try:
        scan = read_image(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < times * scan.array.nbytes
