# SPDX-License-Identifier: Apache-2.0
"""From the network's dictionary to a `Grounding` in the scan's own pixels: the last step, shared by all callers."""

from __future__ import annotations

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
from monai_medglip.inference.refinement import Refiner
from monai_medglip.phrases import Phrase

__all__ = ["AnswerReader"]

_LOOKED_AT_AGAIN = 8
"""Boxes of a phrase that a second look is spent on."""
_ROUNDING = 1e-5


@dataclass(frozen=True)
class AnswerReader:
    """Reads a network's answer at an operating point.

    Attributes:
        operating_point: thresholds, temperatures and candidate settings.
        rules: what is known of phrases without looking.
        model: what a result says about its model, see `Bundle.provenance`.
        refiner: gives the boxes of a volume a second look, where the operating point asks for it.
    """

    operating_point: OperatingPoint
    rules: PhraseRules
    model: Mapping[str, Any] = field(default_factory=dict)
    refiner: Refiner | None = None

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
        least = point.box_threshold if threshold is None else threshold
        boxes, scores, rows = self._boxes(prediction, placed, least)
        best = np.zeros(len(phrases))
        np.maximum.at(best, rows, scores)
        located = searched & (best >= (threshold or point.box_threshold))
        kept = searched[rows] & (scores >= least)
        boxes, scores, rows = boxes[kept], scores[kept], rows[kept]
        presence = prediction["presence"][0, : len(phrases)].float().sigmoid().cpu().numpy()
        presence = np.where(searched, point.calibration.presence_probability(presence), np.nan)
        instance_masks: list[MaskRLE | None] = [None] * len(boxes)
        phrase_masks: list[MaskRLE | None] = [None] * len(phrases)
        for row in np.flatnonzero(searched if threshold == 0 else located).tolist():
            own = np.flatnonzero(rows == row)
            # hundreds of candidates below the threshold need no second look and no mask of their own
            shown = own[scores[own] >= point.box_threshold]
            looked = shown if len(shown) else own[:1]
            found = self._region(prediction["masks"][0, row], placed, phrases[row], boxes[looked])
            boxes[looked] = found.boxes
            if found.mask.any() or threshold == 0:
                phrase_masks[row] = MaskRLE.encode(found.mask)
            for index in shown.tolist():
                instance_masks[index] = _inside(found.mask, boxes[index])
        return Grounding(
            boxes=Boxes(boxes, placed.scan.frame),
            scores=scores,
            phrase_index=rows,
            phrases=tuple(phrases),
            presence=presence,
            status=self.rules.statuses(phrases, placed, searched, located),
            support=self.rules.supports(phrases, placed),
            instance_masks=tuple(instance_masks),
            phrase_masks=tuple(phrase_masks),
            provenance=self.provenance(placed, threshold),
        )

    def _region(self, logits: Tensor, placed: PlacedScan, phrase: Phrase, boxes: NDArray[np.float64]) -> _Region:
        """The mask of a phrase and its boxes ``(n, 2D)``, best first, after a second look where there is one."""
        point, boxes = self.operating_point, boxes.copy()
        mask = placed.mask_in_scan(logits, point.mask_threshold)
        seen, mask_seen = placed, logits
        if self.refiner is not None and point.refine:
            asked = self.rules.as_asked(phrase)
            for index, box in enumerate(boxes[:_LOOKED_AT_AGAIN]):
                second = self.refiner(placed, asked, box)
                if second is not None:
                    boxes[index] = second.box
                    if index == 0:
                        seen, mask_seen = second.window, second.logits
                    _replace(mask, second.window.mask_in_scan(second.logits, point.mask_threshold), second.core)
        if len(boxes) and self._takes_box_from_mask(phrase):
            boxes[0] = seen.box_of_mask(mask_seen, point.mask_threshold, boxes[0])
        return _Region(mask, boxes)

    def _takes_box_from_mask(self, phrase: Phrase) -> bool:
        concept, ontology = phrase.concept, self.rules.ontology
        if concept is None or concept not in ontology:
            return False
        return ontology[concept].level.value in self.operating_point.mask_boxes

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
        self, prediction: Mapping[str, Tensor], placed: PlacedScan, least: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Boxes in the scan ``(N, 2D)`` that are not empty there, calibrated scores and phrases ``(N,)``.

        Of scores that are lower than the least one, each phrase's highest is there, and others may be.
        """
        point = self.operating_point
        region = placed.valid_region.to(prediction["boxes"].device)[None]
        # A little lower, for rounding; who asks looks at the probabilities themselves.
        raw = (1 - _ROUNDING) * point.calibration.raw_box_score(least)
        found = next(iter(select_candidates(dict(prediction), region, point.candidates, least_score=raw)))
        boxes = placed.boxes_in_scan(found.boxes)
        scores = point.calibration.box_probability(found.scores.cpu().numpy())
        dims = boxes.shape[1] // 2
        solid = (boxes[:, dims:] > boxes[:, :dims]).all(axis=1)
        return boxes[solid], scores[solid], found.phrase.cpu().numpy()[solid]


@dataclass(frozen=True)
class _Region:
    """A phrase's mask on the scan's grid and its boxes ``(n, 2D)``, best first."""

    mask: NDArray[np.bool_]
    boxes: NDArray[np.float64]


def _replace(mask: NDArray[np.bool_], other: NDArray[np.bool_], box: NDArray[np.float64]) -> None:
    """Write another mask over the part of a mask that lies in a box ``(2D,)``."""
    part = _window(box)
    mask[part] = other[part]


def _window(box: NDArray[np.float64]) -> tuple[slice, ...]:
    """The voxels that a box ``(2D,)`` touches."""
    dims = len(box) // 2
    low, high = np.floor(box[:dims]).astype(int), np.ceil(box[dims:]).astype(int)
    return tuple(slice(max(int(a), 0), max(int(b), 0)) for a, b in zip(low, high, strict=True))


def _inside(phrase_mask: NDArray[np.bool_], box: NDArray[np.float64]) -> MaskRLE | None:
    """The part of a phrase's mask inside one box ``(2D,)``, None when nothing of it is there."""
    window = _window(box)
    if not phrase_mask[window].any():
        return None
    inside = np.zeros_like(phrase_mask)
    inside[window] = phrase_mask[window]
    return MaskRLE.encode(inside)
