# SPDX-License-Identifier: Apache-2.0
"""Dice overlap of two masks in one grid; resampling to that grid is the caller's."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["dice"]


def dice(mask: ArrayLike, truth: ArrayLike) -> float:
    """Return twice the common voxels over the voxels of both masks; nan when both are empty.

    Args:
        mask: predicted mask, any shape; non-zero is inside.
        truth: true mask of the same shape.

    Raises:
        ValueError: when the shapes differ.

    Example:
        >>> dice([[1, 1, 0]], [[0, 1, 1]])
        0.5
    """
    mask_, truth_ = np.asarray(mask, dtype=bool), np.asarray(truth, dtype=bool)
    if mask_.shape != truth_.shape:
        raise ValueError(f"expected masks of one grid, got shapes {mask_.shape} and {truth_.shape}")
    total = int(np.count_nonzero(mask_)) + int(np.count_nonzero(truth_))
    return 2.0 * int(np.count_nonzero(mask_ & truth_)) / total if total else float("nan")
