# SPDX-License-Identifier: Apache-2.0
"""Whether the highest-scored box of a phrase lies right, and how well; other boxes of the phrase do not matter."""

from __future__ import annotations

import numpy as np

from monai_medglip.metrics.box_matching import BoxMatches

__all__ = ["recall_at_one", "top_box_iou"]


def top_box_iou(match: BoxMatches) -> float:
    """Return the IoU of the highest-scored box with the true box it overlaps most; 0 when there is no box.

    A box that counts neither way (at the lowest threshold) is passed over. The mean over images is the mIoU.
    """
    counted = np.flatnonzero(~match.ignored[int(np.argmin(match.thresholds))])
    return float(match.best_iou[counted[0]]) if len(counted) else 0.0


def recall_at_one(match: BoxMatches, *, threshold: float = 0.5) -> float:
    """Return 1.0 when the highest-scored box overlaps a true box by at least ``threshold``, else 0.0.

    Example:
        >>> from monai_medglip.metrics.box_matching import match_boxes
        >>> recall_at_one(match_boxes([[0, 0, 2, 2], [5, 5, 6, 6]], [0.4, 0.9], [[0, 0, 2, 2]]))
        0.0
    """
    return float(top_box_iou(match) >= threshold)
