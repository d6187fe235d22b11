# SPDX-License-Identifier: Apache-2.0
"""Asking single annotated images and drawing truth beside prediction, for people to look at; nothing is measured.

Every image is asked for what its annotation shows, for something that is not in it, for something that such an image
cannot show, and for one of these with a negation, so that the answers other than "found" are seen too.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine import GroundingFolder, Presence, Record
from monai_medglip.data_engine.phrase_truth import phrase_truth
from monai_medglip.data_engine.truth_grounding import truth_grounding
from monai_medglip.evaluation.predictions import Predictor
from monai_medglip.evaluation.protocol import Group, Protocol, Question
from monai_medglip.grounding import Grounding
from monai_medglip.ontology import Level, Ontology
from monai_medglip.phrases import Phrase, parse_phrase
from monai_medglip.visualize import overlay

__all__ = ["Demonstration", "demonstrations"]

_MOST_OWN_PHRASES = 6  # more boxes than these hide the picture, as 32 teeth do
_ABSENT_PHRASES = 2


@dataclass(frozen=True, eq=False)
class Demonstration:
    """One image with its answers.

    Attributes:
        record: the image.
        grounding: the answers.
        truth: what is annotated for the phrases that are asked without negation.
        picture: ``(H, W, 3)`` uint8 RGB, prediction in colors, truth dashed.
    """

    record: Record
    grounding: Grounding
    truth: Grounding
    picture: npt.NDArray[np.uint8]


def demonstrations(
    folder: GroundingFolder, records: Sequence[Record], predict: Predictor, ontology: Ontology
) -> Iterator[Demonstration]:
    """Ask images one after another.

    Args:
        folder: reads the images and their regions.
        records: the images.
        predict: answers phrases in an image.
        ontology: what a modality or body region can show.

    Yields:
        One demonstration for each record, in order.
    """
    protocol = Protocol(folder, records, ontology)
    for record in records:
        scan, regions = folder.read(record), folder.regions(record)
        names = protocol.groups[record.source]
        questions = protocol.questions(record, regions)
        asked = _of_source([question for question in questions if names.get(question.name) is Group.NAMES])
        missing = sum(question.truth.presence is not Presence.PRESENT for question in asked)
        for name in _impossible(record, ontology)[: max(1, _ABSENT_PHRASES - missing)]:
            truth = phrase_truth(folder, record, regions, name, ontology)
            asked.append(Question(parse_phrase(name, ontology), truth, easy=True))
        grounding = predict(scan, [*(question.phrase for question in asked), *_negated(asked, ontology)])
        drawn = truth_grounding(scan.frame, [one.phrase for one in asked], [one.truth for one in asked])
        yield Demonstration(record, grounding, drawn, overlay(scan, grounding, truth=drawn))


def _of_source(questions: Sequence[Question]) -> list[Question]:
    """Choose some of what is there, and one thing that is missing, two where nothing is there."""
    there = [question for question in questions if question.truth.presence is Presence.PRESENT]
    missing = [question for question in questions if question.truth.presence is Presence.ABSENT_HARD]
    shown = there[:: max(1, math.ceil(len(there) / _MOST_OWN_PHRASES))]
    return [*shown, *missing[: 1 if there else _ABSENT_PHRASES]]


def _impossible(record: Record, ontology: Ontology) -> list[str]:
    """Give organs and lesions that the image cannot show, in an order that only its name settles."""
    names = sorted(concept.name for concept in ontology if concept.level in (Level.ORGAN, Level.LESION))
    random.Random(record.name).shuffle(names)
    return [name for name in names if not ontology.can_show(name, record.modality, record.body_region)]


def _negated(asked: Sequence[Question], ontology: Ontology) -> list[Phrase]:
    """Deny the first absent phrase, as a report would."""
    absent = [question.name for question in asked if question.truth.presence is not Presence.PRESENT]
    return [parse_phrase(f"no {name}", ontology) for name in absent[:1]]
