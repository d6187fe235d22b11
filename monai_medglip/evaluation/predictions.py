# SPDX-License-Identifier: Apache-2.0
"""Runs a predictor over the questions of a protocol; it scores nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from monai_medglip.data_engine import GroundingData, Record
from monai_medglip.errors import DataError
from monai_medglip.evaluation.protocol import Protocol, Question
from monai_medglip.grounding import Grounding, Status
from monai_medglip.imaging import MaskRLE, Scan
from monai_medglip.phrases import Phrase

__all__ = ["Answers", "PhrasePrediction", "Predictor", "predict"]

Predictor = Callable[[Scan, Sequence[Phrase]], Grounding]
"""Grounds phrases in an image without a threshold: up to 100 boxes per phrase, in the pixels of the image."""


@dataclass(frozen=True)
class PhrasePrediction:
    """What a predictor says of one phrase in one image.

    Attributes:
        boxes: ``(N, 2D)`` edges in the pixels of the image.
        scores: ``(N,)`` in [0, 1].
        presence: probability that the phrase is in the image; nan where the predictor cannot say.
        mask: all of the phrase, or None where the predictor sees nothing or gives no masks.
        threshold: the score from which the product shows a box.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    presence: float = float("nan")
    mask: MaskRLE | None = None
    threshold: float = 0.5


@dataclass(frozen=True)
class Answers:
    """One image with what was asked of it and what was answered, question by question."""

    record: Record
    questions: tuple[Question, ...]
    predictions: tuple[PhrasePrediction, ...]


def predict(
    folder: GroundingData,
    records: Sequence[Record],
    protocol: Protocol,
    predictor: Predictor,
    operating_threshold: float,
) -> Iterator[Answers]:
    """Ask every image its questions, with a progress bar on the standard error stream.

    Args:
        folder: images, labels and regions.
        records: the images.
        protocol: what is asked of each.
        predictor: what answers.
        operating_threshold: the score from which the product shows a box.

    Yields:
        The answers of each image that is asked anything.

    Raises:
        DataError: when an image cannot be read, or the predictor answers other phrases or on another grid.
    """
    for record in tqdm(records, desc="evaluate", unit="image"):
        questions = protocol.questions(record, folder.regions(record))
        if not questions:
            continue
        scan = folder.read(record)
        asked = [question.phrase for question in questions]
        grounding = predictor(scan, asked)
        _check_answer(grounding, scan, asked)
        predictions = tuple(_of_phrase(grounding, i, operating_threshold) for i in range(len(asked)))
        yield Answers(record, questions, predictions)


def _of_phrase(grounding: Grounding, index: int, threshold: float) -> PhrasePrediction:
    rows = grounding.phrase_index == index
    denied = grounding.status[index] is Status.NOT_APPLICABLE  # without looking, which is an answer: not there
    return PhrasePrediction(
        boxes=grounding.boxes.data[rows],
        scores=grounding.scores[rows],
        presence=0.0 if denied else float(grounding.presence[index]),
        mask=grounding.phrase_masks[index],
        threshold=threshold,
    )


def _check_answer(grounding: Grounding, scan: Scan, asked: Sequence[Phrase]) -> None:
    if tuple(grounding.frame.shape) != scan.spatial_shape:
        raise DataError(
            f"expected the predictor to answer on the image's own grid {scan.spatial_shape}, got "
            f"{tuple(grounding.frame.shape)}; map the boxes and masks back to the image"
        )
    if [phrase.text for phrase in grounding.phrases] != [phrase.text for phrase in asked]:
        raise DataError(
            f"expected the predictor to answer the {len(asked)} phrases in the order asked, got "
            f"{[phrase.text for phrase in grounding.phrases]}"
        )
