# SPDX-License-Identifier: Apache-2.0
"""The training objective: alignment, boxes, quality, masks, presence and modality in one number.

What is unknown teaches nothing: presence and background count only where a phrase is known to be present or absent,
points in ignored regions are left out. A term with nothing to learn from sums an empty selection, so that every
parameter has a gradient, if a zero one; distributed training does not forgive its lack. The terms over several images
(region-word contrast) and over words (masked language modelling) of GLIPv2 are further terms of the same sum and are
not here yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from monai.losses import DiceLoss
from torch import Tensor, nn

from monai_medglip.geometry.overlap import paired_iou
from monai_medglip.losses.assignment import Assignment, assign_points
from monai_medglip.losses.box_regression import BoxRegressionLoss
from monai_medglip.losses.mask_projection import MaskProjectionLoss
from monai_medglip.losses.phrase_alignment import QualityFocalLoss

__all__ = ["LossWeights", "MedGLIPLoss"]


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term of the sum."""

    alignment: float = 1.0
    box: float = 1.0
    quality: float = 0.5
    dice: float = 1.0
    mask: float = 1.0
    projection: float = 0.0
    presence: float = 0.5
    modality: float = 0.1


class MedGLIPLoss(nn.Module):
    """The weighted sum of all terms; the parts of the last call are kept for logging.

    Args:
        weights: weight of each term, as `LossWeights` or a mapping of its fields.
        top: candidate regions per truth box.

    Attributes:
        last_parts: the unweighted terms of the last call, as plain numbers.
    """

    def __init__(self, weights: LossWeights | Mapping[str, float] | None = None, *, top: int = 9) -> None:
        super().__init__()
        self.weights = weights if isinstance(weights, LossWeights) else LossWeights(**(weights or {}))
        self.top = top
        self.alignment_loss = QualityFocalLoss()
        self.box_loss = BoxRegressionLoss()
        self.dice_loss = DiceLoss(sigmoid=True, squared_pred=True, reduction="none")
        self.projection_loss = MaskProjectionLoss()
        self.last_parts: dict[str, float] = {}

    def forward(self, prediction: dict[str, Tensor], targets: Sequence[dict[str, Tensor]]) -> Tensor:
        """Give the loss of a batch, a scalar that every parameter hangs on.

        Args:
            prediction: the network's dictionary for ``B`` images and ``P`` phrases.
            targets: for each image the sample targets: ``presence (P_i,)``, ``boxes (n, 2D)``, ``box_phrase (n,)``,
                ``ignore_boxes (m, 2D)``, ``ignore_phrase (m,)``, ``masks (P_i, ...)``, ``mask_known (P_i,)``,
                ``background_weight (P_i,)``, ``modality`` scalar.
        """
        most = prediction["alignment"].shape[1]
        presence = _padded([t["presence"] for t in targets], most, fill=-1.0)
        boxes, image, phrase = _concatenated(targets, "boxes", "box_phrase")
        assignment = assign_points(prediction, boxes, image, phrase, top=self.top)
        positives = assignment.target.sum().clamp_min(1.0)
        parts = {
            "alignment": self._alignment(prediction, targets, presence, assignment) / positives,
            **self._boxes(prediction, assignment, positives),
            **self._masks(prediction["masks"], targets, presence),
            "presence": _presence(prediction["presence"], presence),
            "modality": _modality(prediction["modality"], targets),
        }
        self.last_parts = {name: float(part.detach()) for name, part in parts.items()}
        return torch.stack([getattr(self.weights, name) * part for name, part in parts.items()]).sum()

    def _alignment(
        self, prediction: dict[str, Tensor], targets: Sequence[dict[str, Tensor]], presence: Tensor, found: Assignment
    ) -> Tensor:
        logits = prediction["alignment"]
        target = torch.zeros_like(logits)
        target[found.image, found.phrase, found.point] = found.target.to(target.dtype)
        background = _padded([t["background_weight"] for t in targets], logits.shape[1], fill=0.0)
        weight = torch.where(presence >= 0, background, torch.zeros_like(background))[..., None].expand_as(logits)
        ignored, image, phrase = _concatenated(targets, "ignore_boxes", "ignore_phrase")
        weight = _without_ignored(weight.clone(), prediction["points"], ignored, image, phrase)
        weight[found.image, found.phrase, found.point] = 1.0
        loss: Tensor = self.alignment_loss(logits, target, weight)
        return loss

    def _boxes(self, prediction: dict[str, Tensor], found: Assignment, positives: Tensor) -> dict[str, Tensor]:
        boxes = prediction["boxes"][found.image, found.phrase, found.point]
        quality = prediction["quality"][found.image, found.phrase, found.point]
        overlap = paired_iou(boxes.detach(), found.box).to(quality.dtype)
        quality_loss = F.binary_cross_entropy_with_logits(quality, overlap, reduction="sum")
        return {
            "box": self.box_loss(boxes, found.box, found.target) / positives,
            "quality": quality_loss / max(len(quality), 1),
        }

    def _masks(self, logits: Tensor, targets: Sequence[dict[str, Tensor]], presence: Tensor) -> dict[str, Tensor]:
        known = _padded([t["mask_known"].float() for t in targets], logits.shape[1], fill=0.0) > 0
        image, phrase = torch.nonzero(known, as_tuple=True)
        chosen = logits[image, phrase].float()
        if not len(image):
            return dict.fromkeys(("dice", "mask", "projection"), chosen.sum())
        truth = torch.stack([targets[i]["masks"][p] for i, p in zip(image.tolist(), phrase.tolist(), strict=True)])
        if truth.shape != chosen.shape:  # a backbone without fine levels gives coarser masks
            truth = F.interpolate(truth[:, None], size=chosen.shape[1:], mode="area")[:, 0]
        focal = _focal(chosen, truth)
        there = presence[image, phrase] > 0
        dice = projection = chosen.new_zeros(1)
        if there.any():
            chosen, truth = chosen[there], truth[there]
            dice = self.dice_loss(chosen[:, None], truth[:, None]).flatten()
            projection = self.projection_loss(chosen, truth)
        # few voxels of an image belong to a region: the mean over all is brought up to the size of the other terms
        return {"dice": dice.mean(), "mask": 10 * focal.mean(), "projection": projection.mean()}


def _focal(logits: Tensor, target: Tensor, gamma: float = 2.0) -> Tensor:
    """Focal loss to soft targets, `QualityFocalLoss` without the sum."""
    distance = (target - logits.sigmoid()).abs().pow(gamma)
    return distance * F.binary_cross_entropy_with_logits(logits, target, reduction="none")


def _presence(logits: Tensor, presence: Tensor) -> Tensor:
    known = presence >= 0
    if not known.any():
        return logits[known].sum()
    return F.binary_cross_entropy_with_logits(logits[known], presence[known])


def _modality(logits: Tensor, targets: Sequence[dict[str, Tensor]]) -> Tensor:
    truth = torch.stack([torch.as_tensor(t["modality"]) for t in targets]).to(logits.device)
    known = truth < logits.shape[1]
    return F.cross_entropy(logits[known], truth[known]) if known.any() else logits[known].sum()


def _padded(rows: Sequence[Tensor], length: int, *, fill: float) -> Tensor:
    out = rows[0].new_full((len(rows), length), fill, dtype=torch.float32)
    for index, row in enumerate(rows):
        out[index, : len(row)] = row.float()
    return out


def _concatenated(targets: Sequence[dict[str, Tensor]], boxes: str, phrase: str) -> tuple[Tensor, Tensor, Tensor]:
    image = torch.cat([t[phrase].new_full((len(t[phrase]),), index) for index, t in enumerate(targets)])
    return torch.cat([t[boxes] for t in targets]), image, torch.cat([t[phrase] for t in targets])


def _without_ignored(weight: Tensor, points: Tensor, boxes: Tensor, image: Tensor, phrase: Tensor) -> Tensor:
    if len(boxes):
        dims = points.shape[1]
        inside = ((points >= boxes[:, None, :dims]) & (points < boxes[:, None, dims:])).all(-1)
        row, point = torch.nonzero(inside, as_tuple=True)
        weight[image[row], phrase[row], point] = 0.0
    return weight
