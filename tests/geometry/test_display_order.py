# SPDX-License-Identifier: Apache-2.0
"""2D images are turned as radiologists display them, and every pixel keeps its place."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import AxisPair, Frame, display_order

ALL_AXES = frozenset(AxisPair)
PLANES = list(itertools.permutations(range(3), 2))


def _frame(columns_axis: int, rows_axis: int, signs: tuple[int, int], known: frozenset[AxisPair] = ALL_AXES) -> Frame:
    affine = np.zeros((4, 4))
    affine[columns_axis, 0], affine[rows_axis, 1] = 0.7 * signs[0], 1.3 * signs[1]
    affine[3 - columns_axis - rows_axis, 2] = 5.0
    affine[:, 3] = [3, -4, 5, 1]
    return Frame(affine, (6, 4), known, spacing_known=True)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("signs", list(itertools.product((-1, 1), repeat=2)))
def test_columns_run_left_or_back_and_rows_down_or_back(plane: tuple[int, int], signs: tuple[int, int]) -> None:
    frame = _frame(*plane, signs)
    affine = display_order(frame).affine(frame)
    columns, rows = (int(np.abs(affine[:3, axis]).argmax()) for axis in (0, 1))
    assert (columns, rows) == tuple(sorted(plane))
    assert affine[columns, 0] < 0
    assert affine[rows, 1] < 0


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("signs", list(itertools.product((-1, 1), repeat=2)))
def test_every_pixel_keeps_its_place_in_the_world(plane: tuple[int, int], signs: tuple[int, int]) -> None:
    frame = _frame(*plane, signs)
    places = np.stack(np.meshgrid(np.arange(6), np.arange(4), indexing="ij")).astype(float)
    world = np.einsum("ij,jxy->ixy", frame.affine[:3, :2], places) + frame.affine[:3, 3, None, None]
    order = display_order(frame)
    shown, affine = order.apply(world), order.affine(frame)
    index = np.stack(np.meshgrid(*map(np.arange, shown.shape[1:]), indexing="ij")).astype(float)
    expected = np.einsum("ij,jxy->ixy", affine[:3, :2], index) + affine[:3, 3, None, None]
    np.testing.assert_allclose(shown, expected)


def test_a_png_stays_as_it_is_stored() -> None:
    order = display_order(Frame.pixel((6, 4)))
    assert (order.axes, order.reversed_axes) == ((0, 1), (False, False))


def test_only_known_axes_are_turned() -> None:
    frame = _frame(0, 1, (1, 1), frozenset({AxisPair.LEFT_RIGHT}))
    assert display_order(frame).reversed_axes == (True, False)


def test_a_volume_is_refused() -> None:
    with pytest.raises(GeometryError, match="2D image"):
        display_order(Frame.pixel((4, 4, 4)))
