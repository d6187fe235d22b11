# SPDX-License-Identifier: Apache-2.0
"""The loss of a mask's extent: how far it reaches along each axis, which is where its box will end."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["MaskProjectionLoss"]


class MaskProjectionLoss(nn.Module):
    """Dice loss between the largest probability in each plane across an axis and whether the truth reaches that plane.

    ``1 - 2 sum(p t) / (sum(p^2) + sum(t^2))`` of the profiles ``p = max(mask)`` along every axis, mean over axes (Tian
    et al., BoxInst, CVPR 2021, equation 3). Dice over voxels hardly notices the last planes of a region, since few
    voxels lie there; the region's box stands or falls with them.
    """

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Give the loss of each mask, ``(N,)`` in [0, 1].

        Args:
            logits: ``(N, x, y[, z])``.
            target: of the same shape, in [0, 1]; a mask without any voxel has loss 1.
        """
        axes = range(1, logits.ndim)
        losses = []
        for axis in axes:
            across = tuple(other for other in axes if other != axis)
            # the largest logit has the largest probability, at a fraction of the cost
            predicted, reached = logits.amax(across).sigmoid(), target.amax(across)
            shared, total = (predicted * reached).sum(1), (predicted.square() + reached.square()).sum(1)
            losses.append(1 - 2 * shared / total.clamp_min(torch.finfo(total.dtype).tiny))
        return torch.stack(losses).mean(0)
