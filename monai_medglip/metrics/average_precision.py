# SPDX-License-Identifier: Apache-2.0
"""COCO's 101-point average precision of one phrase over many images; no average over phrases is taken here.

A phrase that no image shows has no average precision: the value is nan, and whoever averages leaves it out (COCO's -1
must never enter a mean).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_medglip.metrics.box_matching import BoxMatches
from monai_medglip.metrics.patient_bootstrap import divide

__all__ = ["AveragePrecision", "average_precision"]

_RECALLS = np.linspace(0.0, 1.0, 101)


class AveragePrecision:
    """Average precision as a function of how often each patient counts, averaged over the IoU thresholds.

    Precision has its peaks at hits, and only these enter the 101 points. So per threshold it is enough to know, between
    one hit and the next, how many false boxes each patient has: a draw is one matrix product instead of a sort.

    Args:
        matches: one entry per image in which the phrase was scored, all with the same thresholds.
        patients: patient column of every image.
        thresholds: those of the matches' IoU thresholds to average over; all when None.

    Raises:
        ValueError: when a threshold is not among those of the matches.
    """

    def __init__(
        self,
        matches: Sequence[BoxMatches],
        patients: ArrayLike,
        *,
        thresholds: Sequence[float] | None = None,
    ) -> None:
        self._columns, local = np.unique(np.asarray(patients, dtype=np.int64), return_inverse=True)
        truth_counts = np.array([match.truth_count for match in matches], dtype=np.float64)
        self._truth_counts = np.bincount(local, weights=truth_counts, minlength=len(self._columns))
        rows = _threshold_rows(matches, thresholds)
        self._curves = [_curve(matches, local, row, len(self._columns)) for row in rows]

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the average precision for every row of ``counts``, ``(R,)``; nan where nothing is to be found."""
        chosen = counts[:, self._columns]
        truth = chosen @ self._truth_counts
        if not self._curves:
            return np.full(len(counts), np.nan)
        areas = np.stack([_area(curve, chosen, truth) for curve in self._curves])
        mean: NDArray[np.float64] = areas.mean(axis=0)
        return mean


def average_precision(matches: Sequence[BoxMatches], *, threshold: float) -> float:
    """Return the average precision of one phrase at one IoU threshold; nan when no image shows it.

    Example:
        >>> from monai_medglip.metrics.box_matching import match_boxes
        >>> image = match_boxes([[0, 0, 2, 2], [5, 5, 6, 6]], [0.4, 0.9], [[0, 0, 2, 2]], thresholds=[0.5])
        >>> average_precision([image], threshold=0.5)  # the false box comes first
        0.5
    """
    statistic = AveragePrecision(matches, np.zeros(len(matches), dtype=np.int64), thresholds=[threshold])
    return float(statistic(np.ones((1, 1)))[0])


@dataclass(frozen=True)
class _Curve:
    """The ranked list at one threshold: the patient of each hit, and the false boxes before it since the last hit."""

    hit_patients: NDArray[np.int64]  # (H,)
    false_boxes: NDArray[np.float64]  # (P, H)


def _threshold_rows(matches: Sequence[BoxMatches], thresholds: Sequence[float] | None) -> list[int]:
    if not matches:
        return []
    known = matches[0].thresholds
    if thresholds is None:
        return list(range(len(known)))
    missing = [t for t in thresholds if not np.isclose(known, t).any()]
    if missing:
        raise ValueError(f"expected IoU thresholds among {known}, got {missing}; match the boxes at them first")
    return [int(np.flatnonzero(np.isclose(known, t))[0]) for t in thresholds]


def _curve(matches: Sequence[BoxMatches], patients: NDArray[np.int64], row: int, patient_count: int) -> _Curve:
    kept = [~match.ignored[row] for match in matches]
    scores = np.concatenate([match.scores[keep] for match, keep in zip(matches, kept, strict=True)])
    hits = np.concatenate([match.hits[row][keep] for match, keep in zip(matches, kept, strict=True)])
    owners = np.repeat(patients, [int(keep.sum()) for keep in kept])
    order = np.argsort(-scores, kind="stable")
    hits, owners = hits[order], owners[order]
    hit_count = int(hits.sum())
    next_hit = np.cumsum(hits) - hits  # a false box counts from the next hit on; those after the last hit never do
    relevant = ~hits & (next_hit < hit_count)
    cells = owners[relevant] * hit_count + next_hit[relevant]
    false_boxes = np.bincount(cells, minlength=patient_count * hit_count).reshape(patient_count, hit_count)
    return _Curve(owners[hits], false_boxes.astype(np.float64))


def _area(curve: _Curve, counts: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean interpolated precision at 101 recalls for every row of counts, ``(R,)``."""
    hits = np.cumsum(counts[:, curve.hit_patients], axis=1)
    false = np.cumsum(counts @ curve.false_boxes, axis=1)
    precision = np.nan_to_num(divide(hits, hits + false))
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = hits / np.maximum(truth, 1.0)[:, None]
    reached = np.searchsorted(_RECALLS, recall, side="right")  # of the 101 recalls, how many each hit attains
    area = (envelope * np.diff(reached, axis=1, prepend=0)).sum(axis=1) / len(_RECALLS)
    return np.where(truth > 0, area, np.nan)
