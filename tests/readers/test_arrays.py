# SPDX-License-Identifier: Apache-2.0
"""Tests of scans from arrays, Pillow images and tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from PIL import Image

from monai_medglip.errors import ConfigurationError, ImageReadError
from monai_medglip.imaging import Modality
from monai_medglip.readers import scan_from_array, scan_from_pil, scan_from_tensor


def test_a_numpy_picture_has_rows_first() -> None:
    picture = np.arange(12, dtype=np.uint16).reshape(3, 4)
    scan = scan_from_array(picture, modality="CT")
    assert (scan.array.shape, scan.modality) == ((1, 4, 3), Modality.CT)
    np.testing.assert_array_equal(scan.array[0], picture.T)


def test_a_numpy_color_picture_has_channels_last() -> None:
    picture = np.random.default_rng(0).random((3, 4, 3))
    np.testing.assert_array_equal(scan_from_array(picture).array, picture.transpose(2, 1, 0))


def test_one_channel_last_is_grey_and_bool_becomes_0_and_255() -> None:
    assert scan_from_array(np.ones((3, 4, 1), bool)).array.tolist() == np.full((1, 4, 3), 255).tolist()


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(5), r"\(rows, columns\) or \(rows, columns, 3\), got \(5,\)"),
        (np.zeros((4, 5, 6)), "give a volume or another order as a tensor"),
        (np.zeros((4, 5, 4)), "rows, columns, 3"),
        (np.zeros((0, 5)), "at least one pixel"),
        (np.full((2, 3), np.nan), "6 of 6 are NaN or infinite"),
        (np.zeros((2, 3), complex), "complex128"),
        (np.array([["a", "b"]]), "data type <U1"),
        (np.array([[None, 1]], dtype=object), "data type object"),
        ("a.png", "data type <U5"),
    ],
)
def test_an_array_that_is_no_picture_is_refused(array: Any, message: str) -> None:
    with pytest.raises(ImageReadError, match=message):
        scan_from_array(array)


def test_one_pixel_is_enough() -> None:
    assert scan_from_array(np.array([[7]])).array.tolist() == [[[7]]]
    assert scan_from_pil(Image.new("L", (1, 1), 7)).array.tolist() == [[[7]]]
    assert scan_from_tensor(torch.full((1, 1, 1), 7)).array.tolist() == [[[7]]]


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "LA", "PA", "I", "F", "I;16"]
)
def test_pillow_images_of_every_mode_are_taken_and_left_alone(mode: str) -> None:
    picture = Image.new(mode, (6, 4))
    scan = scan_from_pil(picture, modality=Modality.US)
    assert scan.array.shape == (1 if mode in ("1", "L", "LA", "I", "F", "I;16") else 3, 6, 4)
    assert (picture.mode, picture.size) == (mode, (6, 4))


@pytest.mark.parametrize("shape", [(1, 4, 5), (3, 4, 5), (1, 4, 5, 6)])
def test_a_tensor_is_channel_first_in_array_order(shape: tuple[int, ...]) -> None:
    tensor = torch.rand(shape, requires_grad=True)
    scan = scan_from_tensor(tensor)
    np.testing.assert_array_equal(scan.array, tensor.detach().numpy())
    assert not scan.frame.known_axes


def test_half_precision_tensors_are_taken() -> None:
    assert scan_from_tensor(torch.ones(1, 2, 2, dtype=torch.bfloat16)).array.dtype == np.float32
    assert scan_from_tensor(torch.ones(1, 2, 2, dtype=torch.float16)).array.dtype == np.float16


def test_a_meta_tensor_brings_its_affine_and_claims_no_more() -> None:
    affine = np.array([[0, -2, 0, 5], [3, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1.0]])
    scan = scan_from_tensor(MetaTensor(torch.zeros(1, 2, 3, 4), affine=affine), modality="MR")
    np.testing.assert_array_equal(scan.frame.affine, affine)
    assert not scan.frame.known_axes
    assert not scan.frame.spacing_known


def test_a_sheared_meta_tensor_that_claims_a_place_is_refused() -> None:
    affine = np.array([[2, 0, 1, 0], [0, 2, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1.0]])
    sheared = MetaTensor(torch.zeros(1, 2, 3, 4), affine=affine, meta={"known_axes": [True, True, True]})
    with pytest.raises(ImageReadError, match=r"the MetaTensor: expected axes at right angles, .* 26\.6 degrees"):
        scan_from_tensor(sheared)


def test_a_2d_meta_tensors_small_affine_is_taken() -> None:
    affine = torch.tensor([[2.0, 0, 5], [0, 3, 6], [0, 0, 1]])
    frame = scan_from_tensor(MetaTensor(torch.zeros(1, 2, 3), affine=affine)).frame
    np.testing.assert_array_equal(frame.affine, [[2, 0, 0, 5], [0, 3, 0, 6], [0, 0, 1, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(4, 5), r"got \(4, 5\); add a channel axis"),
        (torch.zeros(2, 4, 5), "C of 1 or 3"),
        (torch.zeros(1, 1, 4, 5, 6), "batch item by item"),
        (torch.zeros(1, 4, 5, dtype=torch.complex64), "complex64"),
        (torch.full((1, 2, 2), torch.inf), "4 of 4 are NaN or infinite"),
        (torch.zeros(1, 0, 5), "at least one pixel"),
        (MetaTensor(torch.zeros(1, 2, 2), affine=torch.zeros(4, 4)), "affine that is a place in space"),
    ],
)
def test_a_tensor_that_is_no_image_is_refused(tensor: torch.Tensor, message: str) -> None:
    with pytest.raises(ImageReadError, match=message):
        scan_from_tensor(tensor)


def test_an_unknown_modality_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected a modality"):
        scan_from_array(np.zeros((2, 2)), modality="smell")
