# SPDX-License-Identifier: Apache-2.0
"""A metric with what its interval needs; which metrics a phrase gets is ``phrase_measures``'s part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_medglip.metrics.patient_bootstrap import MIN_PATIENTS, PatientBootstrap, PatientStatistic

__all__ = ["Measure", "mean_over"]


@dataclass(frozen=True)
class Measure:
    """One metric of a phrase, a source or everything.

    Attributes:
        samples: the value for the data as they are, then for every draw, ``(1 + draws,)``.
        patients: columns of the patients that the value rests on.
        n: how many numbers were averaged: images of a phrase, boxes of a calibration error, phrases of a mean.
        lower_bound: whether unlabelled things may count as false boxes, so that the true value is higher.
    """

    samples: NDArray[np.float64]
    patients: frozenset[int]
    n: int
    lower_bound: bool = False

    @classmethod
    def of(
        cls,
        statistic: PatientStatistic,
        bootstrap: PatientBootstrap,
        *,
        patients: Iterable[int],
        n: int,
        lower_bound: bool = False,
    ) -> Measure:
        """Return the measure of a statistic under the draws."""
        return cls(statistic(bootstrap.counts), frozenset(patients), n, lower_bound)

    @property
    def value(self) -> float:
        """The metric itself; nan where there was nothing to score."""
        return float(self.samples[0])

    def to_dict(self) -> dict[str, Any]:
        """Return value, low, high and n; the interval is None with fewer than eight patients."""
        enough = len(self.patients) >= MIN_PATIENTS
        interval = PatientBootstrap.interval(self.samples) if enough else None
        low, high = interval or (None, None)
        mark = {"lower_bound": True} if self.lower_bound else {}
        return {"value": None if np.isnan(self.value) else self.value, "low": low, "high": high, "n": self.n, **mark}


def mean_over(measures: Sequence[Measure]) -> Measure | None:
    """Return the mean of measures that have a value, draw by draw; None where none has.

    In a draw where one of them has nothing to score the mean goes over the others.
    """
    known = [measure for measure in measures if not np.isnan(measure.value)]
    if not known:
        return None
    stacked = np.stack([measure.samples for measure in known])
    counted = np.isfinite(stacked)
    sums = np.where(counted, stacked, 0.0).sum(axis=0)
    samples = np.divide(sums, counted.sum(axis=0), out=np.full(len(sums), np.nan), where=counted.any(axis=0))
    patients = frozenset[int]().union(*(measure.patients for measure in known))
    return Measure(samples, patients, len(known), any(measure.lower_bound for measure in known))
