# SPDX-License-Identifier: Apache-2.0
"""Asking single annotated images and drawing truth beside prediction, for people to look at; nothing is measured.

Every image is asked for what its annotation shows, for something that is not in it, for something that such an image
cannot show, and for one of these with a negation, so that the answers other than "found" are seen too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine import GroundingFolder, Presence, Record
from monai_medglip.data_engine.truth_grounding import truth_grounding
from monai_medglip.evaluation.predictions import Predictor
from monai_medglip.evaluation.protocol import Group, Protocol, Question
from monai_medglip.grounding import Grounding
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import Phrase, parse_phrase
from monai_medglip.visualize import overlay

__all__ = ["Demonstration", "demonstrations"]

_MOST_OWN_PHRASES = 6  # more boxes than these hide the picture, as 32 teeth do


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
        records: the images; what none of their sources labels is not asked.
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
        asked = _asked([question for question in questions if names.get(question.name) in (Group.NAMES, None)])
        truth = truth_grounding(scan.frame, [q.phrase for q in asked], [q.truth for q in asked])
        grounding = predict(scan, [*(question.phrase for question in asked), *_negated(asked, ontology)])
        yield Demonstration(record, grounding, truth, overlay(scan, grounding, truth=truth))


def _asked(questions: Sequence[Question]) -> list[Question]:
    """Choose what is there, then something missing (twice where nothing is there), then something impossible."""
    there = [question for question in questions if question.truth.presence is Presence.PRESENT]
    missing = [question for question in questions if question.truth.presence is Presence.ABSENT_HARD]
    impossible = [question for question in questions if question.truth.presence is Presence.ABSENT_EASY]
    shown = there[:: max(1, math.ceil(len(there) / _MOST_OWN_PHRASES))]
    absent = missing[: 1 if there else 2]
    return [*shown, *absent, *impossible[: max(1, 2 - len(absent))]]


def _negated(asked: Sequence[Question], ontology: Ontology) -> list[Phrase]:
    """Deny the first absent phrase, as a report would."""
    absent = [question.name for question in asked if question.truth.presence is not Presence.PRESENT]
    return [parse_phrase(f"no {name}", ontology) for name in absent[:1]]
