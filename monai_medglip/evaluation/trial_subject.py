# SPDX-License-Identifier: Apache-2.0
"""Whom the phrase trials question: something that gives the best box of many phrases in one image, quickly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from monai_medglip.imaging import Modality, Scan
from monai_medglip.inference import EncodedScan, Grounder, PhraseRules, select_candidates
from monai_medglip.phrases import Phrase

__all__ = ["GrounderSubject", "TopBox", "TrialSubject"]

_PHRASES_AT_ONCE = 64
_POINTS = 10
"""Best points of a phrase that are looked at: the first of them that lies inside the image is the best box."""


@dataclass(frozen=True)
class TopBox:
    """The best box of a phrase.

    Attributes:
        box: ``(2D,)`` edges in the pixels of the image; None where nothing is looked for or nothing lies inside.
        score: calibrated, in [0, 1]; 0 without a box.
    """

    box: NDArray[np.float64] | None
    score: float


NOTHING = TopBox(None, 0.0)


class TrialSubject(Protocol):
    """What the trials need; `Encoded` is whatever the subject makes of an image."""

    threshold: float
    """Calibrated score from which a box counts as found."""

    def encode(self, scan: Scan) -> Any:
        """Look at an image once."""
        ...

    def modality(self, encoded: Any) -> Modality:
        """Return the modality that is taken for an image, predicted where the scan does not tell."""
        ...

    def top_boxes(self, encoded: Any, phrases: Sequence[Phrase], *, rules: bool) -> list[TopBox]:
        """Return the best box of each phrase.

        Args:
            encoded: the image.
            phrases: what is asked.
            rules: whether the ontology's rules are used, or the network is asked alone.
        """
        ...

    def region_counts(self, encoded: Any, phrases: Sequence[Phrase]) -> list[int]:
        """Return how many boxes and masks the product shows for each phrase."""
        ...


class GrounderSubject:
    """A bundle under trial.

    Args:
        grounder: with the rules on; the trials switch them off where they ask the network alone.
    """

    def __init__(self, grounder: Grounder) -> None:
        self._grounder = grounder
        self._rules = {
            active: PhraseRules(grounder.bundle.validated_phrases, active=active) for active in (True, False)
        }
        self._settings = replace(grounder.operating_point.candidates, before_suppression=_POINTS, per_phrase=1)
        self.threshold = grounder.operating_threshold

    def encode(self, scan: Scan) -> EncodedScan:
        """Encode an image once."""
        return self._grounder.encode(scan)

    def modality(self, encoded: EncodedScan) -> Modality:
        """Return the modality, predicted where the scan does not tell."""
        return encoded.placed.modality

    @torch.inference_mode()
    def top_boxes(self, encoded: EncodedScan, phrases: Sequence[Phrase], *, rules: bool) -> list[TopBox]:
        """Return the best box of each phrase."""
        known = self._rules[rules]
        searched = known.looked_for(phrases, encoded.placed)
        best = [NOTHING] * len(phrases)
        for start in range(0, len(phrases), _PHRASES_AT_ONCE):
            some = [known.as_asked(phrase) for phrase in phrases[start : start + _PHRASES_AT_ONCE]]
            for row, top in self._best(encoded, some):
                if searched[start + row]:
                    best[start + row] = top
        return best

    def region_counts(self, encoded: EncodedScan, phrases: Sequence[Phrase]) -> list[int]:
        """Return how many boxes and masks the product shows for each phrase."""
        found = self._grounder.ask(encoded, phrases)
        masks = [int(mask is not None) for mask in found.phrase_masks]
        return [int((found.phrase_index == i).sum()) + masks[i] for i in range(len(phrases))]

    def _best(self, encoded: EncodedScan, phrases: Sequence[Phrase]) -> list[tuple[int, TopBox]]:
        network, placed = self._grounder.network, encoded.placed
        prediction = network.ground(encoded.features, network.embed([list(phrases)])[0])
        region = placed.valid_region[None].to(prediction["boxes"].device)
        found = next(iter(select_candidates(prediction, region, self._settings)))
        boxes = placed.boxes_in_scan(found.boxes)
        scores = self._grounder.operating_point.calibration.box_probability(found.scores.cpu().numpy())
        return [
            (int(row), TopBox(box, float(score))) for row, box, score in zip(found.phrase, boxes, scores, strict=True)
        ]
