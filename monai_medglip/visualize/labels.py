# SPDX-License-Identifier: Apache-2.0
"""Where the labels of boxes go, inside the picture and not on each other, and when numbers replace their words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monai_medglip.grounding import Grounding
from monai_medglip.grounding.colors import PHRASE_COLORS

__all__ = ["LabelPlacer", "is_numbered"]


def is_numbered(grounding: Grounding) -> bool:
    """Whether more phrases have regions than there are colors, so that numbers of the legend must tell them apart."""
    return np.unique(grounding.phrase_index).size > len(PHRASE_COLORS)


class LabelPlacer:
    """Finds free places for labels beside their boxes, first come first served.

    Args:
        width: columns of the picture.
        height: rows of the picture.
    """

    def __init__(self, width: int, height: int) -> None:
        self._limits = np.array([width, height], float)
        self._taken = np.zeros((0, 4))

    def place(self, box: npt.NDArray[np.float64], texts: Sequence[tuple[int, int]]) -> tuple[int, int, int] | None:
        """Take the first free place for the first of some alternative labels that has one.

        Args:
            box: ``(4,)`` the labeled box in the picture, ``[x0, y0, x1, y1]``.
            texts: width and height of the alternatives, the best first.

        Returns:
            ``(which alternative, x, y)`` of the label's upper left corner, or None when every place is taken.
        """
        for which, size in enumerate(texts):
            for corner in self._corners(box, np.array(size, float)):
                place = np.concatenate([corner, corner + size])
                if self._is_free(place):
                    self._taken = np.vstack([self._taken, place])
                    return which, int(corner[0]), int(corner[1])
        return None

    def _corners(self, box: npt.NDArray[np.float64], size: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Give upper left corners to try: above, below, inside at the corners, beside; all within the picture."""
        (x0, y0, x1, y1), (width, height) = box, size
        corners = [
            (x0, y0 - height),
            (x1 - width, y0 - height),
            (x0, y1),
            (x1 - width, y1),
            (x0, y0),
            (x1 - width, y0),
            (x0, y1 - height),
            (x1 - width, y1 - height),
            (x1, y0),
            (x0 - width, y0),
            (x1, y1 - height),
            (x0 - width, y1 - height),
            ((x0 + x1 - width) / 2, (y0 + y1 - height) / 2),
        ]
        return np.clip(np.rint(corners), 0, np.maximum(self._limits - size, 0))

    def _is_free(self, place: npt.NDArray[np.float64]) -> bool:
        apart = (
            (self._taken[:, 0] >= place[2])
            | (self._taken[:, 2] <= place[0])
            | (self._taken[:, 1] >= place[3])
            | (self._taken[:, 3] <= place[1])
        )
        return bool(apart.all() and (place[2:] <= self._limits).all())
