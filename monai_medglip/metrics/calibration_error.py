# SPDX-License-Identifier: Apache-2.0
"""Expected calibration error: how far scores are from the share of right answers; it does not say how good they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_medglip.metrics.patient_bootstrap import divide

__all__ = ["CalibrationError"]


class CalibrationError:
    """Expected calibration error over bins of equal width, each weighted by what it holds.

    Args:
        confidences: probabilities in [0, 1], ``(N,)``.
        correct: whether each was right, ``(N,)``.
        patients: patient column of each, ``(N,)``.
        bins: number of bins.

    Raises:
        ValueError: when a probability lies outside [0, 1].

    Example:
        >>> CalibrationError([0.9, 0.9], [True, False], [0, 0])(np.ones((1, 1))).round(6)
        array([0.4])
    """

    def __init__(self, confidences: ArrayLike, correct: ArrayLike, patients: ArrayLike, *, bins: int = 15) -> None:
        probability = np.asarray(confidences, dtype=np.float64)
        if not ((probability >= 0) & (probability <= 1)).all():
            raise ValueError("expected probabilities in [0, 1]; calibrate the scores before their error is measured")
        self._columns, local = np.unique(np.asarray(patients, dtype=np.int64), return_inverse=True)
        gap = probability - np.asarray(correct, dtype=np.float64)
        cells = local * bins + np.minimum((probability * bins).astype(np.int64), bins - 1)
        shape = (len(self._columns), bins)
        self._gaps = np.bincount(cells, weights=gap, minlength=shape[0] * bins).reshape(shape)
        self._sizes = np.bincount(cells, minlength=shape[0] * bins).reshape(shape).sum(axis=1).astype(np.float64)

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the error for every row of ``counts``, ``(R,)``; nan where a row leaves nothing to score."""
        chosen = counts[:, self._columns]
        return divide(np.abs(chosen @ self._gaps).sum(axis=1), chosen @ self._sizes)
