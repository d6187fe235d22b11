# SPDX-License-Identifier: Apache-2.0
"""Runs the whole protocol on a data folder: questions, predictions, scores, figures."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from monai_medglip.data_engine import GroundingData
from monai_medglip.errors import DataError
from monai_medglip.evaluation.baselines import Baseline, CenterBox, MedianBox
from monai_medglip.evaluation.predictions import Answers, Predictor, predict
from monai_medglip.evaluation.protocol import Protocol
from monai_medglip.evaluation.summary import summarize
from monai_medglip.evaluation.unit_score import UnitScore, score_unit
from monai_medglip.ontology import Ontology

__all__ = ["evaluate_quality"]


def evaluate_quality(
    folder: GroundingData,
    predictor: Predictor,
    *,
    split: str | None = "test",
    sources: Collection[str] | None = None,
    operating_threshold: float = 0.5,
    ontology: Ontology | None = None,
) -> dict[str, Any]:
    """Return how good a predictor is on a data folder.

    Args:
        folder: images with their truth.
        predictor: what is judged; it gets no threshold, up to 100 boxes of a phrase are looked at.
        split: train, val or test; None for all images.
        sources: those whose images are asked; None for all.
        operating_threshold: the score from which the product shows a box, for false boxes on absent phrases.
        ontology: relations and names of concepts; the default one when None.

    Returns:
        The ``results`` of a result file, see :func:`~monai_medglip.evaluation.summary.summarize`.

    Raises:
        DataError: when the split is empty, an image cannot be read, or the predictor answers something else.
    """
    known = ontology if ontology is not None else Ontology.default()
    records = folder.records(split, sources)
    if not records:
        raise DataError(f"{folder.path}: expected images in the split {split!r}, there are none; try all images")
    protocol = Protocol(folder, records, known)
    baselines: dict[str, Baseline] = {"centre_box": CenterBox()}
    if split in ("val", "test"):  # on training images the median of their own boxes would be no baseline
        baselines["median_box"] = MedianBox.fit(folder, folder.records("train", sources))
    units: list[UnitScore] = []
    for answers in predict(folder, records, protocol, predictor, operating_threshold):
        units += _score(answers, baselines)
    return summarize(units, protocol.groups, tuple(baselines))


def _score(answers: Answers, baselines: Mapping[str, Baseline]) -> list[UnitScore]:
    record = answers.record
    return [
        score_unit(
            (record.source, record.patient, question.name),
            question.truth,
            prediction,
            shape=record.shape,
            baselines={name: baseline(record, question.name) for name, baseline in baselines.items()},
        )
        for question, prediction in zip(answers.questions, answers.predictions, strict=True)
    ]
