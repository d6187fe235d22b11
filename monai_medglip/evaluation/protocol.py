# SPDX-License-Identifier: Apache-2.0
"""What is asked of which image; what a prediction is worth is ``unit_score``'s part.

Every image is asked the names of its own source's vocabulary and their parents, wherever the truth is known, and a
few phrases that the ontology says it cannot show. Nothing else is asked: silence of a source that does not label
everything is no truth.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from monai_medglip.data_engine import GroundingData, Record, Region, Truth
from monai_medglip.data_engine.phrase_truth import PhraseTruth, phrase_truth
from monai_medglip.data_engine.source_concepts import Presence, SourceConcepts
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import Phrase, parse_phrase

__all__ = ["EASY_PHRASES_PER_IMAGE", "MIN_POSITIVE_IMAGES", "Group", "Protocol", "Question"]

MIN_POSITIVE_IMAGES = 8
"""A phrase enters the mean over phrases when at least this many images show it."""

EASY_PHRASES_PER_IMAGE = 8
"""Phrases that an image cannot show and is asked nevertheless; all of them on every image would say no more."""


class Group(str, Enum):
    """Which figures a phrase of a source enters; groups are never averaged together."""

    NAMES = "names"
    """A label of the source, drawn by experts."""
    PARENTS = "parents"
    """What labels of the source are, or are parts of ("tooth" for 32 teeth), drawn by experts."""
    OTHER_TRUTH = "other_truth"
    """A label or a parent whose regions come from another program or from an atlas."""


@dataclass(frozen=True)
class Question:
    """One unit of the evaluation: a phrase asked of an image, and what is true of it.

    Attributes:
        phrase: its text is a name of the source's vocabulary or of another one.
        truth: what is true of it in this image.
        easy: whether the phrase is asked only because the image cannot show it.
    """

    phrase: Phrase
    truth: PhraseTruth
    easy: bool = False

    @property
    def name(self) -> str:
        """The phrase's text."""
        return self.phrase.text


class Protocol:
    """The questions of one data folder.

    Args:
        folder: images, labels and regions.
        records: the images that are evaluated; the easy-absent phrases come from the vocabularies of their sources.
        ontology: relations of concepts, and what a modality or body region can show.

    Attributes:
        groups: for each source, its phrases and the group of each.
    """

    def __init__(self, folder: GroundingData, records: Iterable[Record], ontology: Ontology) -> None:
        self._folder = folder
        self._ontology = ontology
        sources = dict.fromkeys(record.source for record in records)
        self.groups: dict[str, dict[str, Group]] = {source: self._vocabulary(source) for source in sources}
        names = sorted({name for group in self.groups.values() for name in group})
        self._phrases = {name: parse_phrase(name, ontology) for name in names}

    def questions(self, record: Record, regions: Sequence[Region]) -> tuple[Question, ...]:
        """Return what is asked of one image.

        Args:
            record: the image.
            regions: its regions, as the folder gives them.

        Returns:
            The phrases of its source whose truth is known here, then the easy-absent ones.
        """
        own = (self._question(record, regions, name) for name in self.groups[record.source])
        return (*(question for question in own if _is_scored(question.truth)), *self._easy(record, regions))

    def _question(self, record: Record, regions: Sequence[Region], name: str, *, easy: bool = False) -> Question:
        truth = phrase_truth(self._folder, record, regions, name, self._ontology)
        return Question(self._phrases[name], truth, easy)

    def _easy(self, record: Record, regions: Sequence[Region]) -> list[Question]:
        """Return the first phrases, in an order that only the image's name settles, that the image cannot show."""
        foreign = sorted(set(self._phrases) - set(self.groups[record.source]))
        random.Random(record.name).shuffle(foreign)
        asked = (self._question(record, regions, name, easy=True) for name in foreign)
        absent = (question for question in asked if question.truth.presence is Presence.ABSENT_EASY)
        return list(itertools.islice(absent, EASY_PHRASES_PER_IMAGE))

    def _vocabulary(self, source: str) -> dict[str, Group]:
        rules = self._folder.labels(source)
        concepts = SourceConcepts(rules, self._ontology)
        labels = {concepts.canonical(rule.label): rule.label for rule in rules}
        other = {concepts.canonical(rule.label) for rule in rules if rule.truth is not Truth.EXPERT}
        other |= {concepts.canonical(rule.parent) for rule in rules if rule.parent and rule.truth is not Truth.EXPERT}
        groups: dict[str, Group] = {}
        for name in concepts.names():
            group = Group.NAMES if name in labels else Group.PARENTS
            groups[labels.get(name, name)] = Group.OTHER_TRUTH if name in other else group
        return groups


def _is_scored(truth: PhraseTruth) -> bool:
    """Whether anything can be scored: the phrase is there, or its absence is known, or only doubtful regions are."""
    return truth.presence in (Presence.PRESENT, Presence.ABSENT_HARD) or (truth.exhaustive and bool(truth.ignore))
