# SPDX-License-Identifier: Apache-2.0
"""Tests of what a scan accepts and what it says."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from monai_medglip.errors import ImageReadError
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging import ImageSource, Modality, Scan


@pytest.mark.parametrize("shape", [(1, 4, 5), (3, 4, 5), (1, 4, 5, 6), (1, 1, 1)])
def test_images_and_volumes_know_their_shape(shape: tuple[int, ...]) -> None:
    scan = Scan(np.zeros(shape, np.uint16), Frame.pixel(shape[1:]))
    assert (scan.spatial_shape, scan.spatial_dims) == (shape[1:], len(shape) - 1)
    assert scan.modality is Modality.UNKNOWN


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 5)), r"shape \(C, x, y\)"),
        (np.zeros((1, 0, 5)), "none of them 0"),
        (np.zeros((2, 4, 5)), "1 channel"),
        (np.zeros((1, 5, 4)), "fit the frame"),
        (np.zeros((1, 4, 5), complex), "data type complex128"),
        (np.zeros((1, 4, 5), bool), "data type bool"),
    ],
)
def test_what_is_no_image_is_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(ImageReadError, match=message):
        Scan(array, Frame.pixel((4, 5)))


def test_pixels_that_are_not_finite_are_counted() -> None:
    array = np.zeros((1, 4, 5), np.float32)
    array[0, 0, :2], array[0, 1, 0] = np.nan, -np.inf
    with pytest.raises(ImageReadError, match=r"scan\.nii: expected finite pixels, 3 of 20 are NaN or infinite"):
        Scan(array, Frame.pixel((4, 5)), source=ImageSource("scan.nii"))


def test_a_scan_prints_in_one_line_and_can_be_pickled() -> None:
    scan = Scan(np.ones((1, 4, 5), np.uint8), Frame.pixel((4, 5)), Modality.XR, ImageSource("a.png"), "chest")
    copy = pickle.loads(pickle.dumps(scan))
    assert repr(copy) == "Scan(uint8 (1, 4, 5), XR, body_region='chest', path='a.png')"
    assert copy.frame == scan.frame
