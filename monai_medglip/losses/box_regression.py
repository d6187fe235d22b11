# SPDX-License-Identifier: Apache-2.0
"""The loss of box sides: generalized IoU plus an L1 distance relative to the box's size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from monai_medglip.geometry.overlap import paired_giou

__all__ = ["BoxRegressionLoss"]


class BoxRegressionLoss(nn.Module):
    """``giou_weight * (1 - GIoU) + l1_weight * |sides| / size`` for pairs of boxes, 2D or 3D.

    GIoU: Rezatofighi et al., CVPR 2019. The L1 term is divided by the truth's side lengths, so that a small lesion
    counts as much as an organ.

    Args:
        giou_weight: weight of the GIoU term.
        l1_weight: weight of the L1 term.
    """

    def __init__(self, giou_weight: float = 2.0, l1_weight: float = 1.0) -> None:
        super().__init__()
        self.giou_weight, self.l1_weight = giou_weight, l1_weight

    def forward(self, boxes: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
        """Give the weighted sum, a scalar; 0 for no boxes.

        Args:
            boxes: ``(K, 2D)`` predicted voxel edges.
            truth: ``(K, 2D)`` truth boxes.
            weight: ``(K,)``.
        """
        dims = truth.shape[1] // 2
        size = (truth[:, dims:] - truth[:, :dims]).clamp_min(1.0).repeat(1, 2)
        # beyond two box sizes the distance grows too slowly to matter against GIoU, and one wild box cannot take over
        distance = ((boxes - truth) / size).abs().clamp_max(2.0).mean(1)
        loss = self.giou_weight * (1 - paired_giou(boxes, truth)) + self.l1_weight * distance
        return torch.sum(loss * weight)
