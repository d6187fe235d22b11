# SPDX-License-Identifier: Apache-2.0
"""From the network's dictionary to a `Grounding` in the scan's own pixels: the last step, shared by all callers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

import monai_medglip
from monai_medglip.geometry import Boxes
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import MaskRLE
from monai_medglip.inference.candidates import select_candidates
from monai_medglip.inference.operating_point import OperatingPoint
from monai_medglip.inference.phrase_rules import PhraseRules
from monai_medglip.inference.placed_scan import PlacedScan
from monai_medglip.phrases import Phrase

__all__ = ["AnswerReader"]

_VOXELS_AT_ONCE = 2**24


@dataclass(frozen=True)
class AnswerReader:
    """Reads a network's answer at an operating point.

    Attributes:
        operating_point: thresholds, temperatures and candidate settings.
        rules: what is known of phrases without looking.
        model: what a result says about its model, see `Bundle.provenance`.
    """

    operating_point: OperatingPoint
    rules: PhraseRules
    model: Mapping[str, Any] = field(default_factory=dict)

    def read(
        self,
        prediction: Mapping[str, Tensor],
        placed: PlacedScan,
        phrases: Sequence[Phrase],
        *,
        threshold: float | None = None,
    ) -> Grounding:
        """Give the grounding of one image.

        Args:
            prediction: the network's dictionary for this image alone (B = 1).
            placed: the image.
            phrases: the P phrases as they were typed.
            threshold: calibrated score from which boxes are kept, [0, 1]; None takes the operating point's. With 0 all
                candidates are kept and every phrase that was looked for has a mask.

        Returns:
            Boxes, masks and answers in the scan's own grid.
        """
        point = self.operating_point
        searched = self.rules.looked_for(phrases, placed)
        boxes, scores, rows = self._boxes(prediction, placed)
        best = np.zeros(len(phrases))
        np.maximum.at(best, rows, scores)
        located = searched & (best >= (threshold or point.box_threshold))
        kept = searched[rows] & (scores >= (point.box_threshold if threshold is None else threshold))
        presence = prediction["presence"][0, : len(phrases)].float().sigmoid().cpu().numpy()
        presence = np.where(searched, point.calibration.presence_probability(presence), np.nan)
        masks = self._masks(prediction["masks"][0], placed, searched if threshold == 0 else located)
        boxes, scores, rows = boxes[kept], scores[kept], rows[kept]
        return Grounding(
            boxes=Boxes(boxes, placed.scan.frame),
            scores=scores,
            phrase_index=rows,
            phrases=tuple(phrases),
            presence=presence,
            status=self.rules.statuses(phrases, placed, searched, located),
            support=self.rules.supports(phrases, placed),
            # hundreds of candidates below the threshold need no mask of their own
            instance_masks=tuple(
                _inside(masks[row], box) if score >= point.box_threshold else None
                for box, row, score in zip(boxes, rows.tolist(), scores, strict=True)
            ),
            phrase_masks=tuple(None if mask is None else MaskRLE.encode(mask) for mask in masks),
            provenance=self.provenance(placed, threshold),
        )

    def provenance(self, placed: PlacedScan, threshold: float | None = None) -> dict[str, Any]:
        """Give where a result comes from: model, software, image and settings."""
        return {
            **self.model,
            "software": f"monai_medglip {monai_medglip.__version__}",
            "image": placed.scan.source.path,
            "modality": placed.modality.value,
            "modality_predicted": placed.modality_predicted,
            "threshold": self.operating_point.box_threshold if threshold is None else threshold,
            "rules": self.rules.active,
        }

    def _boxes(
        self, prediction: Mapping[str, Tensor], placed: PlacedScan
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Boxes in the scan ``(N, 2D)`` that are not empty there, calibrated scores and phrases ``(N,)``."""
        region = placed.valid_region.to(prediction["boxes"].device)[None]
        found = next(iter(select_candidates(dict(prediction), region, self.operating_point.candidates)))
        boxes = placed.boxes_in_scan(found.boxes)
        scores = self.operating_point.calibration.box_probability(found.scores.cpu().numpy())
        dims = boxes.shape[1] // 2
        solid = (boxes[:, dims:] > boxes[:, :dims]).all(axis=1)
        return boxes[solid], scores[solid], found.phrase.cpu().numpy()[solid]

    def _masks(self, logits: Tensor, placed: PlacedScan, wanted: NDArray[np.bool_]) -> list[NDArray[np.bool_] | None]:
        masks: list[NDArray[np.bool_] | None] = [None] * len(wanted)
        rows = np.flatnonzero(wanted)
        # several masks are sampled at once, as many as fit into memory next to a large image
        together = max(1, _VOXELS_AT_ONCE // math.prod(placed.scan.spatial_shape))
        for start in range(0, len(rows), together):
            some = rows[start : start + together].tolist()
            sampled = placed.masks_in_scan(logits[some], self.operating_point.mask_threshold)
            for row, mask in zip(some, sampled, strict=True):
                masks[row] = mask
        return masks


def _inside(phrase_mask: NDArray[np.bool_] | None, box: NDArray[np.float64]) -> MaskRLE | None:
    """The part of a phrase's mask inside one box ``(2D,)``, None when nothing of it is there."""
    if phrase_mask is None:
        return None
    dims = phrase_mask.ndim
    low, high = np.floor(box[:dims]).astype(int), np.ceil(box[dims:]).astype(int)
    window = tuple(slice(max(a, 0), b) for a, b in zip(low, high, strict=True))
    inside = np.zeros_like(phrase_mask)
    inside[window] = phrase_mask[window]
    return MaskRLE.encode(inside) if inside.any() else None
