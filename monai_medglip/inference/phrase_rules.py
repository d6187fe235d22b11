# SPDX-License-Identifier: Apache-2.0
"""What is known about a phrase without looking at the image: wording, negation, what an image can show, validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from monai_medglip.grounding import Status, Support
from monai_medglip.imaging import Modality
from monai_medglip.inference.placed_scan import PlacedScan
from monai_medglip.inference.validated_phrases import ValidatedPhrases
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import Phrase

__all__ = ["PhraseRules"]


class PhraseRules:
    """Decides what is asked of the network and what its answer means.

    Args:
        validated: the bundle's validated phrases.
        active: whether the ontology is used at all; negation and validation always are.
        ontology: the concepts; the project's own when None.
    """

    def __init__(self, validated: ValidatedPhrases, *, active: bool = True, ontology: Ontology | None = None) -> None:
        self.validated, self.active = validated, active
        self.ontology = Ontology.default() if ontology is None else ontology

    def as_asked(self, phrase: Phrase) -> Phrase:
        """Give the phrase in the words that the network knows best: the concept's own name."""
        if self.active and phrase.concept is not None and phrase.concept in self.ontology:
            return replace(phrase, text=phrase.concept, side=self.ontology[phrase.concept].side)
        return phrase

    def looked_for(self, phrases: Sequence[Phrase], placed: PlacedScan) -> NDArray[np.bool_]:
        """Give for each phrase whether the image is searched for it, ``(P,)``."""
        return np.array([not phrase.negated and self._applies(phrase, placed) for phrase in phrases], dtype=bool)

    def statuses(
        self,
        phrases: Sequence[Phrase],
        placed: PlacedScan,
        looked_for: NDArray[np.bool_],
        located: NDArray[np.bool_],
    ) -> tuple[Status, ...]:
        """Give the answer to each phrase.

        Args:
            phrases: the phrases.
            placed: the image.
            looked_for: ``(P,)`` from `looked_for`.
            located: ``(P,)`` whether a region above the threshold was found.
        """
        return tuple(
            self._status(phrase, placed, searched=bool(searched), located=bool(hit))
            for phrase, searched, hit in zip(phrases, looked_for, located, strict=True)
        )

    def supports(self, phrases: Sequence[Phrase], placed: PlacedScan) -> tuple[Support, ...]:
        """Give for each phrase how well it was tested on such images."""
        return tuple(self._support(phrase, placed) for phrase in phrases)

    def _applies(self, phrase: Phrase, placed: PlacedScan) -> bool:
        if not self.active or phrase.concept is None or phrase.concept not in self.ontology:
            return True
        # a predicted modality may be wrong, so it never rules anything out
        modality = Modality.UNKNOWN if placed.modality_predicted else placed.modality
        return self.ontology.can_show(phrase.concept, modality, placed.scan.body_region)

    def _status(self, phrase: Phrase, placed: PlacedScan, *, searched: bool, located: bool) -> Status:
        if phrase.negated:
            return Status.NEGATED
        if not searched:
            return Status.NOT_APPLICABLE
        if located:
            return Status.FOUND
        concept = phrase.concept or phrase.text
        known = self.validated.denies(concept, placed.modality, placed.scan.body_region)
        return Status.ABSENT if known else Status.UNSUPPORTED

    def _support(self, phrase: Phrase, placed: PlacedScan) -> Support:
        concept = phrase.concept or phrase.text
        if not self.validated.locates(concept, placed.modality, placed.scan.body_region):
            return Support.UNSEEN
        return Support.VALIDATED if phrase.text.strip().casefold() == concept else Support.SYNONYM
