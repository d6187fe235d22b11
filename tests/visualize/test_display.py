# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.errors import ConfigurationError
from monai_medglip.geometry import Frame
from monai_medglip.imaging import Modality, Scan
from monai_medglip.visualize.display import display_window, displayed


def scan_of(array):
    return Scan(array, Frame.pixel(array.shape[1:]))


def test_eight_bit_pixels_are_shown_as_they_are():
    array = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    picture = displayed(array, display_window(scan_of(array)))
    assert np.array_equal(picture[..., 1], array[0].T)


def test_colors_stay_colors():
    array = np.zeros((3, 2, 5), np.uint8)
    array[0, 1, 4] = 255
    assert displayed(array, (0, 255))[4, 1].tolist() == [255, 0, 0]


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32, np.float64])
def test_other_pixels_use_the_whole_range(dtype):
    array = np.random.default_rng(0).normal(1000, 100, (1, 60, 50)).astype(dtype)
    picture = displayed(array, display_window(scan_of(array)))
    assert (picture.min(), picture.max()) == (0, 255)
    assert 100 < picture.mean() < 155


def test_a_hot_pixel_and_a_large_empty_field_do_not_make_the_rest_grey():
    array = np.full((1, 200, 200), -1000.0)
    array[0, 90:110, 90:110] = np.linspace(0, 100, 400).reshape(20, 20)
    array[0, 100, 100] = 1e6
    low, high = display_window(scan_of(array))
    assert 0 <= low < 5
    assert 95 < high < 105


def test_an_image_of_two_values_shows_both():
    array = np.zeros((1, 8, 8), np.uint16)
    array[0, 2, 2] = 1
    picture = displayed(array, display_window(scan_of(array)))
    assert (picture[0, 0, 0], picture[2, 2, 0]) == (0, 255)


@pytest.mark.parametrize("value", [0, 7, 1e30, -1e-30])
def test_a_constant_image_is_shown(value):
    array = np.full((1, 4, 4), value, np.float64)
    assert displayed(array, display_window(scan_of(array))).shape == (4, 4, 3)


def test_a_given_window_decides_black_and_white():
    array = np.array([[[-200.0, 80.0, 240.0, 500.0]]])
    assert displayed(array, (-160, 240))[:, 0, 0].tolist() == [0, 153, 255, 255]


@pytest.mark.parametrize("window", [(1, 1), (2, 1), (0, float("nan"))])
def test_an_empty_window_is_refused(window):
    with pytest.raises(ConfigurationError, match="low < high"):
        displayed(np.zeros((1, 2, 2)), window)


@pytest.mark.parametrize(("region", "window"), [(None, (-200, 300)), ("abdomen", (-200, 300)), ("chest", (-1000, 400))])
def test_a_ct_in_hounsfield_units_is_shown_as_radiologists_do(region, window):
    array = np.array([[[-1000, 40, 3000]]], np.int16)
    scan = Scan(array, Frame.pixel((1, 3)), Modality.CT, body_region=region)
    assert display_window(scan) == window


def test_a_ct_without_air_may_have_any_unit():
    array = np.array([[[0, 40, 3000]]], np.int16)
    assert display_window(Scan(array, Frame.pixel((1, 3)), Modality.CT))[0] > 0
