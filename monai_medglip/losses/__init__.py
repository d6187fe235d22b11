# SPDX-License-Identifier: Apache-2.0
"""Losses for training phrase grounding with MONAI's trainers; formulas on tensors, no data and no network."""

from __future__ import annotations

from monai_medglip.losses.assignment import Assignment, assign_points
from monai_medglip.losses.box_regression import BoxRegressionLoss
from monai_medglip.losses.mask_projection import MaskProjectionLoss
from monai_medglip.losses.medglip_loss import LossWeights, MedGLIPLoss
from monai_medglip.losses.phrase_alignment import QualityFocalLoss

__all__ = [
    "Assignment",
    "BoxRegressionLoss",
    "LossWeights",
    "MaskProjectionLoss",
    "MedGLIPLoss",
    "QualityFocalLoss",
    "assign_points",
]
