# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from monai_medglip.grounding.colors import text_color_on
from monai_medglip.visualize import PHRASE_COLORS, phrase_color

# Machado, Oliveira, Fernandes 2009, severity 1, for linear RGB.
VISION = {
    "normal": np.eye(3),
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}
XYZ_FROM_RGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(color, vision):
    """CIE Lab of an sRGB color as someone with that vision sees it."""
    channels = np.array(color) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    ratio = XYZ_FROM_RGB @ np.clip(np.array(VISION[vision]) @ linear, 0, 1) / (XYZ_FROM_RGB @ np.ones(3))
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_any_two_colors_differ_for_every_vision(vision):
    seen = [lab(color, vision) for color in PHRASE_COLORS]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 15


def test_this_measure_would_find_a_red_and_a_green_that_deuteranopes_confuse():
    red, green = (190, 60, 40), (130, 105, 30)
    assert np.linalg.norm(lab(red, "normal") - lab(green, "normal")) > 40
    assert np.linalg.norm(lab(red, "deuteranopia") - lab(green, "deuteranopia")) < 15


def test_colors_begin_again_after_the_last():
    assert phrase_color(len(PHRASE_COLORS) + 2) == PHRASE_COLORS[2]


@pytest.mark.parametrize("color", PHRASE_COLORS)
def test_text_on_a_color_has_the_contrast_of_wcag_aa(color):
    channels = [np.array(c) / 255 for c in (color, text_color_on(color))]
    linear = [np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in channels]
    dark, light = sorted(float(c @ [0.2126, 0.7152, 0.0722]) for c in linear)
    assert (light + 0.05) / (dark + 0.05) > 4.5
