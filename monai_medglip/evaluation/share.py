# SPDX-License-Identifier: Apache-2.0
"""Means of one number per question, with the interval over patients; what is asked is the trials' part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_medglip.evaluation.measure import Measure
from monai_medglip.metrics import PatientBootstrap, PatientMean
from monai_medglip.metrics.patient_bootstrap import divide

__all__ = ["Count", "relative_loss", "share"]


@dataclass(frozen=True)
class Count:
    """One number that one question gave.

    Attributes:
        source: the image's source.
        patient: the image's patient.
        value: the number; 1 or 0 where a share is counted.
    """

    source: str
    patient: str
    value: float


def share(counts: Sequence[Count]) -> dict[str, Any]:
    """Return the mean as ``{"value", "low", "high", "n"}``; the interval is None with fewer than eight patients."""
    if not counts:
        return {"value": None, "low": None, "high": None, "n": 0}
    bootstrap = _bootstrap(counts)
    columns = _columns(counts, bootstrap)
    statistic = PatientMean([count.value for count in counts], columns)
    return Measure.of(statistic, bootstrap, patients=columns, n=len(counts)).to_dict()


def relative_loss(before: Sequence[Count], after: Sequence[Count]) -> dict[str, Any]:
    """Return by which share the mean falls from one way of asking to another, pair by pair, with its interval.

    Args:
        before: one number per pair.
        after: the other number of each pair, in the same order.
    """
    bootstrap = _bootstrap(before)
    columns = _columns(before, bootstrap)
    means = [PatientMean([count.value for count in counts], columns) for counts in (before, after)]

    def loss(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        first, second = (mean(counts) for mean in means)
        return divide(first - second, first)

    return Measure.of(loss, bootstrap, patients=columns, n=len(before)).to_dict()


def _bootstrap(counts: Iterable[Count]) -> PatientBootstrap:
    return PatientBootstrap(sorted({(count.source, count.patient) for count in counts}))


def _columns(counts: Sequence[Count], bootstrap: PatientBootstrap) -> list[int]:
    return [bootstrap.index(count.source, count.patient) for count in counts]
