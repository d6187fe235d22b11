# SPDX-License-Identifier: Apache-2.0
"""How views are drawn: what they show, by the corners of the image on the canvas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_medglip.errors import ConfigurationError
from monai_medglip.transforms.random_view import ViewRanges

PLAIN = ViewRanges(zoom_range=(1, 1), aspect_range=(1, 1), rotation_degrees=0, shift=0)
CONTENT, SIZE = (40.0, 30.0, 20.0), (32, 32, 32)


def draw(ranges, seed=0, content=CONTENT, size=SIZE, **options):
    return ranges.draw(np.random.RandomState(seed), content, size, **options)


def ends(to_plain, content=CONTENT):
    """Where the low and the high corner of the image lie on the canvas."""
    matrix, dims = np.linalg.inv(to_plain), len(content)
    return matrix[:dims, dims], matrix[:dims, :dims] @ content + matrix[:dims, dims]


@pytest.mark.parametrize("seed", range(20))
def test_a_plain_view_shows_all_that_there_is_room_for(seed):
    low, high = ends(draw(PLAIN, seed))
    np.testing.assert_allclose(high - low, CONTENT)
    assert (low[1:] >= 0).all()
    assert (high[1:] <= 32).all()
    assert low[0] <= 0
    assert high[0] >= 32


@pytest.mark.parametrize("seed", range(20))
def test_zoom_aspect_and_shift_stay_in_their_ranges(seed):
    ranges = ViewRanges(zoom_range=(0.5, 1.5), aspect_range=(0.8, 1.25), rotation_degrees=0, shift=0.1)
    low, high = ends(draw(ranges, seed))
    scale = (high - low) / CONTENT
    assert scale[1] == pytest.approx(scale[2])
    assert 0.8 <= scale[0] / scale[1] <= 1.25
    assert 0.5 <= np.sqrt(scale[0] * scale[1]) <= 1.5
    # between the two places where it touches the rim of the canvas, and a tenth of the canvas beyond
    rims = np.sort([np.zeros(3), 32 - (high - low)], axis=0)
    assert (low >= rims[0] - 3.2).all()
    assert (low <= rims[1] + 3.2).all()


@pytest.mark.parametrize(("limit", "zoom"), [(3.0, 2.0), (1.2, 1.2), (0.4, 0.4)])
def test_the_limit_bounds_the_zoom(limit, zoom):
    low, high = ends(draw(replace(PLAIN, zoom_range=(2, 2)), largest_zoom=limit))
    np.testing.assert_allclose((high - low) / CONTENT, zoom)


@pytest.mark.parametrize("seed", range(10))
def test_views_turn_in_the_plane_of_the_first_two_axes_about_the_middle(seed):
    ranges = replace(PLAIN, rotation_degrees=20)
    turned, straight = draw(ranges, seed), draw(PLAIN, seed)
    angle = np.degrees(np.arctan2(turned[0, 1], turned[0, 0]))
    assert 0 < abs(angle) <= 20
    assert turned[2, :3].tolist() == pytest.approx([0, 0, 1])
    middle = [20.0, 15, 10, 1]
    np.testing.assert_allclose(np.linalg.inv(turned) @ middle, np.linalg.inv(straight) @ middle)


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_mirrored(seed):
    ranges = ViewRanges(zoom_range=(0.3, 3), aspect_range=(0.5, 2), rotation_degrees=90, shift=0.5)
    for dims in (2, 3):
        assert np.linalg.det(draw(ranges, seed, CONTENT[:dims], SIZE[:dims])) > 0


def test_every_view_takes_as_many_numbers():
    streams = [np.random.RandomState(0) for _ in range(3)]
    PLAIN.draw(streams[0], CONTENT, SIZE)
    PLAIN.draw(streams[1], (9.0, 8, 7), (64, 16, 16), largest_zoom=0.1)
    replace(PLAIN, zoom_range=(0.5, 2), rotation_degrees=9, shift=1).draw(streams[2], CONTENT, SIZE)
    assert len({stream.uniform() for stream in streams}) == 1


@pytest.mark.parametrize("name", ["zoom_range", "aspect_range"])
@pytest.mark.parametrize("wrong", [(0, 1), (-1, 1), (2, 1)])
def test_ranges_that_are_none_are_refused(name, wrong):
    with pytest.raises(ConfigurationError, match=f"expected {name} as"):
        replace(PLAIN, **{name: wrong})
