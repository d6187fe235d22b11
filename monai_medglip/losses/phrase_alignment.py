# SPDX-License-Identifier: Apache-2.0
"""The loss of region-phrase alignment: quality focal loss over points and phrases."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["QualityFocalLoss"]


class QualityFocalLoss(nn.Module):
    """Binary cross entropy to a soft target, weighted by the distance from it.

    ``|target - p|^gamma * BCE(logit, target)`` (Li et al., Generalized Focal Loss, NeurIPS 2020, equation 1).

    Args:
        gamma: how much easy examples are played down.
    """

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Give the weighted sum of losses, a scalar.

        Args:
            logits: ``(...)``.
            target: ``(...)`` in [0, 1].
            weight: ``(...)``; 0 leaves an element out.
        """
        distance = (target - logits.sigmoid()).abs().pow(self.gamma)
        loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return torch.sum(distance * loss * weight)
