# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_medglip.geometry import Frame
from monai_medglip.grounding import (
    box_sizes_mm,
    mask_volume_ml,
    phrase_volumes_ml,
    region_volumes_ml,
    size_text,
    volume_text,
)
from tests.grounding_phantoms import chest, oblique_frame


def test_a_volume_is_that_of_its_voxels_however_the_grid_is_turned():
    voxel_ml = 0.8 * 1.1 * 2.5 / 1000
    expected = [14 * 24 * 4 * voxel_ml, 14 * 12 * 4 * voxel_ml, None]
    assert phrase_volumes_ml(chest(oblique_frame())) == pytest.approx(expected)


def test_regions_without_a_mask_of_their_own_have_no_volume():
    assert [volume is None for volume in region_volumes_ml(chest(oblique_frame()))] == [False, True, False]


def test_a_sheared_grid_has_the_volume_between_its_axes():
    affine = np.array([[2.0, 1, 0, 0], [0, 3, 0, 0], [0, 0, 5, 0], [0, 0, 0, 1]])
    frame = Frame(affine, (40, 30, 8), spacing_known=True)
    assert mask_volume_ml(chest(frame).phrase_masks[1], frame) == pytest.approx(14 * 12 * 4 * 30 / 1000)


def test_boxes_are_measured_along_the_axes_of_the_image():
    assert box_sizes_mm(chest(oblique_frame()))[2] == pytest.approx((14 * 0.8, 12 * 1.1, 4 * 2.5))


@pytest.mark.parametrize("frame", [replace(oblique_frame(), spacing_known=False), Frame.pixel((40, 30))])
def test_nothing_is_measured_where_the_spacing_is_not_known(frame):
    grounding = chest(frame)
    measured = {*phrase_volumes_ml(grounding), *region_volumes_ml(grounding), *box_sizes_mm(grounding)}
    assert measured == {None}


def test_a_2d_image_has_sizes_and_no_volume():
    frame = Frame(np.diag([0.5, 0.5, 1, 1]), (40, 30), spacing_known=True)
    assert box_sizes_mm(chest(frame))[0] == pytest.approx((7, 12))
    assert set(phrase_volumes_ml(chest(frame))) == {None}


@pytest.mark.parametrize(
    ("size", "text"), [(None, ""), ((99.96, 7.04), "100 x 7.0 mm"), ((0.0, 0.31, 512.0), "0 x 0.31 x 512 mm")]
)
def test_sizes_in_words(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(("volume", "text"), [(None, ""), (0.0, "0 ml"), (1432.4, "1432 ml"), (0.0123, "0.012 ml")])
def test_volumes_in_words(volume, text):
    assert volume_text(volume) == text
