# SPDX-License-Identifier: Apache-2.0
"""Intervals by resampling patients, not images; not a test of one model against another.

Images of one patient resemble each other, so that an interval over images is too narrow. One draw takes, within each
source, as many patients as there are, with replacement; a patient drawn twice counts twice with all of its images.
A draw is a row of *counts*, and a metric is a function of counts, so that nothing is matched or sorted again.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["DRAWS", "MIN_PATIENTS", "PatientBootstrap", "PatientMean", "PatientStatistic"]

DRAWS = 1000
"""Bootstrap draws behind every interval of the protocol."""

MIN_PATIENTS = 8
"""With fewer patients than this no interval is given: resampling a handful says little."""


class PatientStatistic(Protocol):
    """A metric as a function of how often each patient counts."""

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one value per row of ``counts``.

        Args:
            counts: how often each patient counts, ``(R, P)``.

        Returns:
            The metric for every row, ``(R,)``; nan where a row leaves nothing to score.
        """
        ...


class PatientBootstrap:
    """The draws of one evaluation: how often each patient counts in each.

    Args:
        patients: ``(source, patient)`` of every patient, each once. Sources are resampled apart.
        draws: number of draws.
        seed: with the source's name it fixes the draws, whatever other sources are evaluated beside it.

    Attributes:
        counts: ``(1 + draws, P)``; row 0 is all ones, the data as they are.

    Raises:
        ValueError: when a patient is named twice.
    """

    def __init__(self, patients: Sequence[tuple[str, str]], *, draws: int = DRAWS, seed: int = 0) -> None:
        self._index = {patient: i for i, patient in enumerate(patients)}
        if len(self._index) != len(patients):
            raise ValueError(f"expected every patient once, got {len(patients)} of which {len(self._index)} differ")
        self.counts = np.ones((1 + draws, len(patients)))
        sources = np.array([source for source, _ in patients], dtype=object)
        for source in dict.fromkeys(sources):
            columns = np.flatnonzero(sources == source)
            generator = np.random.default_rng([seed, zlib.crc32(str(source).encode())])
            shares = np.full(len(columns), 1.0 / len(columns))
            self.counts[1:, columns] = generator.multinomial(len(columns), shares, size=draws)

    def index(self, source: str, patient: str) -> int:
        """Return the column of a patient in ``counts``."""
        return self._index[source, patient]

    @staticmethod
    def interval(samples: ArrayLike) -> tuple[float, float] | None:
        """Return the 95 % interval of the draws, or None when no draw has a value.

        Args:
            samples: the metric for every row of ``counts``, ``(1 + draws,)``; nan where a draw has nothing to score.
        """
        drawn = np.asarray(samples, dtype=np.float64)[1:]
        drawn = drawn[np.isfinite(drawn)]
        if drawn.size == 0:
            return None
        low, high = np.percentile(drawn, (2.5, 97.5))
        return float(low), float(high)


class PatientMean:
    """The mean of one number per image: R@1, mIoU, Dice, false boxes.

    Args:
        values: one number per image, ``(N,)``.
        patients: patient column of every image, ``(N,)``.

    Example:
        >>> PatientMean([1.0, 0.0, 0.5], [0, 0, 1])(np.array([[1.0, 1.0], [0.0, 2.0]]))
        array([0.5, 0.5])
    """

    def __init__(self, values: ArrayLike, patients: ArrayLike) -> None:
        self._columns, local = np.unique(np.asarray(patients, dtype=np.int64), return_inverse=True)
        self._sums = np.bincount(local, weights=np.asarray(values, dtype=np.float64), minlength=len(self._columns))
        self._sizes = np.bincount(local, minlength=len(self._columns)).astype(np.float64)

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean for every row of ``counts``, ``(R,)``."""
        chosen = counts[:, self._columns]
        return divide(chosen @ self._sums, chosen @ self._sizes)


def divide(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quotient, nan (without a warning) where the denominator is 0."""
    safe = np.where(denominator > 0, denominator, 1.0)
    return np.where(denominator > 0, numerator / safe, np.nan)
