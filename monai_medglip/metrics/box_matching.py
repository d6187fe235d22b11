# SPDX-License-Identifier: Apache-2.0
"""Which scored boxes of one phrase in one image hit which true boxes, by COCO's rule; no averaging over images.

Boxes are taken in order of score. Each takes, among the true boxes that are still free, the one it overlaps most,
provided that the IoU reaches the threshold; a second box on the same truth is a false one. A box that hits nothing but
lies for at least half inside an *ignore* region (a region of the phrase's ancestor, a component too small to count) is
neither a hit nor a false one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from monai_medglip.geometry.overlap import pairwise_iou

__all__ = ["COCO_THRESHOLDS", "IGNORED_SHARE", "MAX_BOXES", "BoxMatches", "match_boxes"]

COCO_THRESHOLDS: tuple[float, ...] = tuple(float(t) for t in np.linspace(0.5, 0.95, 10))
"""IoU 0.50, 0.55, ..., 0.95, the thresholds that COCO's AP averages over."""

MAX_BOXES = 100
"""Only the best boxes of a phrase in an image are looked at, as in COCO."""

IGNORED_SHARE = 0.5
"""A box that hits nothing is ignored when at least this share of it lies inside an ignore region."""


@dataclass(frozen=True)
class BoxMatches:
    """How the scored boxes of one phrase in one image fared.

    Attributes:
        scores: scores in falling order, ``(N,)``.
        hits: whether the box hits a true box that no better box had hit, ``(T, N)`` for T thresholds.
        ignored: whether the box counts neither way, ``(T, N)``.
        best_iou: IoU of the box with the true box it overlaps most, ``(N,)``; 0 where there is no truth.
        truth_count: number of true boxes.
        thresholds: the IoU thresholds, ``(T,)``.
    """

    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    best_iou: NDArray[np.float64]
    truth_count: int
    thresholds: tuple[float, ...]


def match_boxes(
    boxes: ArrayLike,
    scores: ArrayLike,
    truth: ArrayLike,
    *,
    ignore: ArrayLike | None = None,
    thresholds: Sequence[float] = COCO_THRESHOLDS,
) -> BoxMatches:
    """Return which boxes of one phrase in one image hit a true box.

    Args:
        boxes: ``(N, 2D)`` edges ``[lo..., hi...]``; only the ``MAX_BOXES`` with the highest scores are looked at.
        scores: ``(N,)``; equal scores keep their order.
        truth: true boxes ``(G, 2D)``.
        ignore: regions that are neither true nor false, ``(M, 2D)``.
        thresholds: IoU that a hit needs, ``(T,)``.

    Raises:
        ValueError: when the shapes do not fit, the numbers of boxes and scores differ, or a score is not finite.

    Example:
        >>> match_boxes([[0, 0, 2, 2], [0, 0, 2, 2]], [0.9, 0.8], [[0, 0, 2, 2]], thresholds=[0.5]).hits
        array([[ True, False]])
    """
    scores_ = np.asarray(scores, dtype=np.float64).reshape(-1)
    boxes_ = _rows(boxes)
    if len(boxes_) != len(scores_):
        raise ValueError(f"expected one score per box, got {len(boxes_)} boxes and {len(scores_)} scores")
    if not np.isfinite(scores_).all():
        raise ValueError("expected finite scores, got nan or infinity; a box without a score cannot be ranked")
    order = np.argsort(-scores_, kind="stable")[:MAX_BOXES]
    scores_, boxes_, truth_ = scores_[order], boxes_[order], _rows(truth)
    iou = _iou(boxes_, truth_)
    hits = _greedy_hits(iou, np.asarray(thresholds, dtype=np.float64))
    in_ignore = _share_inside(boxes_, _rows([] if ignore is None else ignore)) >= IGNORED_SHARE
    return BoxMatches(
        scores=scores_,
        hits=hits,
        ignored=in_ignore[None] & ~hits,
        best_iou=iou.max(axis=1, initial=0.0),
        truth_count=len(truth_),
        thresholds=tuple(float(t) for t in thresholds),
    )


def _greedy_hits(iou: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return ``(T, N)``: boxes in score order take the free true box that they overlap most."""
    box_count, truth_count = iou.shape
    hits = np.zeros((len(thresholds), box_count), dtype=bool)
    free = np.ones((len(thresholds), truth_count), dtype=bool)
    needed = np.minimum(thresholds, 1 - 1e-10)[:, None]  # COCO's: an exact copy reaches a threshold of 1.0
    for n in np.flatnonzero(iou.max(axis=1, initial=0.0) >= needed.min(initial=1.0)):
        reachable = np.where(free & (iou[n] >= needed), iou[n], -1.0)
        taken = truth_count - 1 - reachable[:, ::-1].argmax(axis=1)  # COCO takes the last of equals
        hits[:, n] = reachable.max(axis=1) >= 0
        free[hits[:, n], taken[hits[:, n]]] = False
    return hits


def _rows(boxes: ArrayLike) -> NDArray[np.float64]:
    rows = np.asarray(boxes, dtype=np.float64)
    if rows.size == 0:
        return np.zeros((0, 4))
    if rows.ndim != 2 or rows.shape[1] not in (4, 6):
        raise ValueError(f"boxes must have shape (N, 4) or (N, 6), got {rows.shape}; give [lo..., hi...] row by row")
    return rows


def _iou(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(boxes) or not len(others):
        return np.zeros((len(boxes), len(others)))
    iou: NDArray[np.float64] = pairwise_iou(torch.from_numpy(boxes), torch.from_numpy(others)).numpy()
    return iou


def _share_inside(boxes: NDArray[np.float64], regions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest share of each box that lies inside one region, ``(N,)``."""
    if not len(boxes) or not len(regions):
        return np.zeros(len(boxes))
    dims = boxes.shape[1] // 2
    high = np.minimum(boxes[:, None, dims:], regions[None, :, dims:])
    low = np.maximum(boxes[:, None, :dims], regions[None, :, :dims])
    overlap = np.clip(high - low, 0.0, None).prod(axis=-1).max(axis=1)
    volume = np.clip(boxes[:, dims:] - boxes[:, :dims], 0.0, None).prod(axis=-1)
    share: NDArray[np.float64] = np.divide(overlap, volume, out=np.zeros(len(boxes)), where=volume > 0)
    return share
