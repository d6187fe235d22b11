# SPDX-License-Identifier: Apache-2.0
"""One row of a grounding: a box with its score, phrase and mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.imaging import MaskRLE
from monai_medglip.phrases import Phrase

__all__ = ["GroundedRegion"]


@dataclass(frozen=True, eq=False, repr=False)
class GroundedRegion:
    """One region that a phrase names.

    Attributes:
        box: ``(2D,)`` voxel edges ``[lo..., hi...]`` in array-axis order.
        score: calibrated probability in ``[0, 1]``.
        phrase: the phrase that names it.
        phrase_index: the phrase's place in the grounding.
        mask: the region's own mask, where there is one.
    """

    box: npt.NDArray[np.float64]
    score: float
    phrase: Phrase
    phrase_index: int
    mask: MaskRLE | None = None

    def __repr__(self) -> str:
        """For example ``GroundedRegion('left lung', 0.93, box=[12, 20, 110, 240], mask of 18020 voxels)``."""
        box = ", ".join(f"{edge:.4g}" for edge in self.box)
        mask = "" if self.mask is None else f", mask of {self.mask.area} voxels"
        return f"GroundedRegion({self.phrase.text!r}, {self.score:.2f}, box=[{box}]{mask})"
