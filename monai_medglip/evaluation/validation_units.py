# SPDX-License-Identifier: Apache-2.0
"""Raw answers on the validation split against their truth; nothing is chosen here, and no other split is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from tqdm import tqdm

from monai_medglip.data_engine import GroundingData, Presence, Record
from monai_medglip.errors import DataError
from monai_medglip.evaluation.protocol import Group, Protocol, Question
from monai_medglip.evaluation.raw_answers import RawAnswer, RawPredictor
from monai_medglip.metrics import BoxMatches, dice, match_boxes
from monai_medglip.ontology import Ontology

__all__ = ["HIT", "ValidationUnit", "validation_units"]

HIT = 0.5
"""IoU from which a box is right."""


@dataclass(frozen=True)
class ValidationUnit:
    """One phrase of one validation image.

    Attributes:
        record: the image.
        question: the phrase and what is true of it.
        group: which figures the phrase enters; None for an easy-absent one.
        matches: how its boxes fared at IoU 0.5, with raw scores.
        presence: raw score in [0, 1].
        dices: Dice of its mask at each mask threshold; empty where it is absent or has no true mask.
    """

    record: Record
    question: Question
    group: Group | None
    matches: BoxMatches
    presence: float
    dices: tuple[float, ...] = ()

    @property
    def is_present(self) -> bool:
        """Whether the image shows the phrase."""
        return self.question.truth.presence is Presence.PRESENT

    @property
    def is_absent(self) -> bool:
        """Whether the image is known to lack the phrase, easily or not."""
        return self.question.truth.presence.is_absent

    @property
    def mask_only(self) -> bool:
        """Whether the phrase is scored by its mask alone."""
        return self.question.truth.scored_as == "mask_only"

    @property
    def tells_misses(self) -> bool:
        """Whether a box that hits nothing is known to be wrong."""
        return not self.mask_only and (self.question.truth.exhaustive or self.is_absent)

    @property
    def best_score(self) -> float:
        """Score of the best box, 0 without one."""
        return float(self.matches.scores.max(initial=0.0))

    def with_presence(self, power: float) -> ValidationUnit:
        """Give the unit with its box scores multiplied by a power of the presence score; no box changes its rank."""
        return replace(self, matches=replace(self.matches, scores=self.matches.scores * self.presence**power))


def validation_units(
    folder: GroundingData, predictor: RawPredictor, *, mask_thresholds: Sequence[float], ontology: Ontology
) -> list[ValidationUnit]:
    """Return the answers to the protocol's questions on the validation split, with a progress bar.

    Args:
        folder: images and truth.
        predictor: what answers.
        mask_thresholds: probabilities at which masks are compared with their truth.
        ontology: relations and names of concepts.

    Raises:
        DataError: when there is no validation split.
    """
    records = folder.records("val")
    if not records:
        raise DataError(f"{folder.path}: expected images in the split 'val' to choose thresholds on, there are none")
    protocol = Protocol(folder, records, ontology)
    units = []
    for record in tqdm(records, desc="validation images", unit="image"):
        questions = protocol.questions(record, folder.regions(record))
        if questions:
            answer = predictor(folder.read(record), [question.phrase for question in questions])
            groups = protocol.groups[record.source]
            for index, question in enumerate(questions):
                group = None if question.easy else groups[question.name]
                units.append(_unit(record, question, group, _Part(answer, index), mask_thresholds))
    return units


@dataclass(frozen=True)
class _Part:
    """One phrase's share of an answer."""

    answer: RawAnswer
    index: int


def _unit(
    record: Record, question: Question, group: Group | None, part: _Part, mask_thresholds: Sequence[float]
) -> ValidationUnit:
    truth, answer = question.truth, part.answer
    own = answer.phrase_index == part.index
    matches = match_boxes(
        answer.boxes[own],
        answer.scores[own],
        [region.box for region in truth.instances],
        ignore=[region.box for region in truth.ignore],
        thresholds=[HIT],
    )
    dices: tuple[float, ...] = ()
    if truth.presence is Presence.PRESENT and truth.mask is not None:
        true_mask = truth.mask.decode()
        dices = tuple(dice(np.asarray(answer.mask(part.index, at)), true_mask) for at in mask_thresholds)
    return ValidationUnit(record, question, group, matches, float(answer.presence[part.index]), dices)
