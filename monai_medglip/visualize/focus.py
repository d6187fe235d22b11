# SPDX-License-Identifier: Apache-2.0
"""Which regions of a volume are looked at first, and the planes through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.geometry import Frame
from monai_medglip.grounding import Grounding
from monai_medglip.visualize.plane import Plane
from monai_medglip.visualize.volume_order import VolumeOrder

__all__ = ["ACROSS", "Focus", "foci"]

ACROSS = (2, 1, 0)
"""The axes of a `VolumeOrder` that the axial, coronal and sagittal plane cut."""


# The side of the surroundings: enough to see where a small region lies, and all of a large one.
_FIELD_PER_BOX = 2.5
_LEAST_FIELD = 0.4


@dataclass(frozen=True, eq=False)
class Focus:
    """A box that three planes go through.

    Attributes:
        box: ``(6,)`` voxel edges.
        frame: the grid of the volume.
        title: what it is.
        phrase: the phrase of the result that it belongs to, None where it is of none.
        row: the region of the result whose box it is, None where it is none.
    """

    box: npt.NDArray[np.float64]
    frame: Frame
    title: str
    phrase: int | None = None
    row: int | None = None

    def planes(self, order: VolumeOrder) -> tuple[Plane, ...]:
        """Give the axial, coronal and sagittal plane through the center."""
        box = order.apply_boxes(self.box[None])[0]
        index = np.clip(np.floor((box[:3] + box[3:]) / 2), 0, np.array(order.shape) - 1)
        return tuple(order.plane(across, int(index[across])) for across in ACROSS)

    def field(self) -> float:
        """Give the side of the square around the center that is worth seeing, in the unit of the frame's affine."""
        lengths = np.linalg.norm(self.frame.affine[:3, :3], axis=0)
        longest = float(((self.box[3:] - self.box[:3]) * lengths).max())
        extent = float((self.frame.shape * lengths).max())
        return min(extent, max(_FIELD_PER_BOX * longest, _LEAST_FIELD * extent))


def foci(grounding: Grounding) -> list[Focus]:
    """Give what to look at: the best region of each phrase, then the second ones and so on.

    A phrase that has a mask and no box is looked at where its mask is.
    """
    ranked: list[tuple[int, Focus]] = []
    for phrase, mask in enumerate(grounding.phrase_masks):
        text = grounding.phrases[phrase].text
        rows = np.flatnonzero(grounding.phrase_index == phrase)
        rows = rows[np.argsort(-grounding.scores[rows], kind="stable")]
        for rank, row in enumerate(rows.tolist()):
            ranked.append((rank, Focus(grounding.boxes.data[row], grounding.frame, text, phrase, row)))
        if not rows.size and mask is not None and mask.area:
            ranked.append((0, Focus(mask.box, grounding.frame, text, phrase)))
    return [focus for _, focus in sorted(ranked, key=lambda entry: entry[0])]
