# SPDX-License-Identifier: Apache-2.0
"""Predictors whose raw scores follow a rule that a fit must find again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.phrase_truth import PhraseTruth, phrase_truth
from monai_medglip.evaluation.raw_answers import RawAnswer, RawPredictor
from monai_medglip.imaging import Scan
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import Phrase

ScoredBoxes = list[tuple[tuple[float, ...], float]]
NOWHERE = (0.0, 0.0, 1.0, 1.0)


def raw_predictor(
    folder: GroundingFolder,
    boxes_of: Callable[[PhraseTruth], ScoredBoxes],
    presence_of: Callable[[PhraseTruth], float] = lambda truth: 0.8 if truth.instances else 0.3,
    mask_border: float = 0.5,
) -> RawPredictor:
    """Make a predictor that knows the truth and answers by a rule.

    Args:
        folder: gives the truth.
        boxes_of: boxes with raw scores of a phrase.
        presence_of: its raw presence score.
        mask_border: the mask threshold at which its masks are right; at any other they are empty.
    """
    ontology = Ontology.default()
    records = {str(record.image): record for record in folder.records()}

    def predict(scan: Scan, phrases: Sequence[Phrase]) -> RawAnswer:
        record = records[str(scan.source.path)]
        regions = folder.regions(record)
        truths = [phrase_truth(folder, record, regions, phrase.text, ontology) for phrase in phrases]
        rows = [(p, box, score) for p, truth in enumerate(truths) for box, score in boxes_of(truth)]

        def mask(index: int, threshold: float) -> np.ndarray:
            truth = truths[index].mask
            return truth.decode() if truth is not None and threshold == mask_border else np.zeros(record.shape, bool)

        return RawAnswer(
            boxes=np.array([box for _, box, _ in rows], dtype=float).reshape(-1, 4),
            scores=np.array([score for _, _, score in rows], dtype=float),
            phrase_index=np.array([p for p, _, _ in rows], dtype=np.int64),
            presence=np.array([presence_of(truth) for truth in truths]),
            mask=mask,
        )

    return predict


def heated(probability: np.ndarray | float, temperature: float) -> np.ndarray:
    """The raw score that tempering at a temperature turns into a probability."""
    logit = np.log(probability) - np.log1p(-np.asarray(probability))
    return np.asarray(1 / (1 + np.exp(-logit * temperature)))
