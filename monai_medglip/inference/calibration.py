# SPDX-License-Identifier: Apache-2.0
"""Turning raw scores into probabilities: one temperature per kind of score, fitted on validation data.

Temperature scaling: Guo et al., On Calibration of Modern Neural Networks, ICML 2017. A box score's event is "this box
overlaps a region of the phrase by at least half"; a presence score's event is "the phrase is in the image".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_medglip.errors import ConfigurationError

__all__ = ["Calibration", "fit_temperature"]

_EPSILON = 1e-6


@dataclass(frozen=True)
class Calibration:
    """Temperatures of a trained network; 1 leaves the scores as they are.

    Attributes:
        box: temperature of box scores.
        presence: temperature of presence scores.
    """

    box: float = 1.0
    presence: float = 1.0

    def __post_init__(self) -> None:
        for name in ("box", "presence"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ConfigurationError(f"calibration temperature {name} must be a positive number, got {value}")

    def box_probability(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Give the probability that boxes with raw ``scores`` in [0, 1] hit."""
        return _tempered(scores, self.box)

    def raw_box_score(self, probability: float) -> float:
        """Give the lowest raw score of which `box_probability` makes a probability in [0, 1]."""
        raw = float(_tempered(probability, 1 / self.box))
        # Where logits are cut off, all lower scores have the same probability.
        return 0.0 if min(raw, probability) <= _EPSILON else raw

    def presence_probability(self, scores: ArrayLike) -> NDArray[np.float64]:
        """Give the probability that phrases with raw presence ``scores`` in [0, 1] are there."""
        return _tempered(scores, self.presence)


def fit_temperature(scores: ArrayLike, outcomes: ArrayLike) -> float:
    """Give the temperature that makes ``scores`` most likely for what happened.

    Args:
        scores: ``(N,)`` raw scores in [0, 1].
        outcomes: ``(N,)`` True where the event happened.

    Returns:
        The temperature between 0.05 and 20 with the smallest negative log likelihood.

    Raises:
        ConfigurationError: when there are no scores or only one outcome, which no temperature can explain.
    """
    truth = np.asarray(outcomes, dtype=bool)
    if truth.size == 0 or truth.all() or not truth.any():
        raise ConfigurationError(
            f"expected scores with hits and misses to fit a temperature, got {int(truth.sum())} hits of {truth.size}"
        )
    # the likelihood is unimodal in the temperature: a golden section search on its logarithm finds the only minimum
    low, high = np.log(0.05), np.log(20.0)
    ratio = (np.sqrt(5.0) - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _negative_log_likelihood(scores, truth, np.exp(left)) < _negative_log_likelihood(
            scores, truth, np.exp(right)
        ):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def _tempered(scores: ArrayLike, temperature: float) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-_logits(scores) / temperature)), dtype=np.float64)


def _negative_log_likelihood(scores: ArrayLike, truth: NDArray[np.bool_], temperature: float) -> float:
    # log(1 + exp(x)) stays finite where the probability itself has become 0 or 1
    return float(np.mean(np.logaddexp(0.0, np.where(truth, -1.0, 1.0) * _logits(scores) / temperature)))


def _logits(scores: ArrayLike) -> NDArray[np.float64]:
    clipped = np.clip(np.asarray(scores, dtype=np.float64), _EPSILON, 1 - _EPSILON)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float64)
