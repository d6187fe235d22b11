# SPDX-License-Identifier: Apache-2.0
"""A volume of a single slice as a 2D image with its place in space; slices are not chosen from volumes here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["kept_axes", "kept_axes_first"]


def kept_axes(shape: Sequence[int]) -> tuple[int, ...]:
    """Give the array axes that are read: all, or without the one along which a volume has a single slice.

    Example:
        >>> kept_axes((5, 6, 7)), kept_axes((5, 6, 1)), kept_axes((1, 6, 7))
        ((0, 1, 2), (0, 1), (1, 2))
    """
    axes = tuple(range(len(shape)))
    single = [axis for axis in axes if shape[axis] == 1]
    return tuple(axis for axis in axes if axis != single[-1]) if len(shape) == 3 and single else axes


def kept_axes_first(affine: npt.NDArray[np.float64], kept: Sequence[int]) -> npt.NDArray[np.float64]:
    """Give an affine (4, 4) with the kept axes in front, so that the third column of an image is its plane's normal."""
    left_out = [axis for axis in range(3) if axis not in kept]
    ordered: npt.NDArray[np.float64] = affine[:, [*kept, *left_out, 3]]
    return ordered
