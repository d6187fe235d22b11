# SPDX-License-Identifier: Apache-2.0
"""How much boxes overlap, on tensors, with gradients, and the suppression of duplicates.

Boxes are ``(..., 2D)``, ``[lo_0..lo_D-1, hi_0..hi_D-1]``, in any unit: voxels, millimeters, shares of the image. All
measures are right at every scale, because each pair is measured against its own hull and no constant is added anywhere
(MONAI adds 1e-7 to the union, which gives a normalized box of side 0.001 an IoU of 0.008 with itself in 3D).

A box whose high edge lies below its low edge is empty: its volume is 0, it never raises. A ratio of nothing to nothing
is 0: the IoU of two empty boxes, and the GIoU where even the hull is empty. Computed in float32 or better.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, mul

import torch
from torch import Tensor

from monai_medglip.errors import GeometryError

__all__ = ["box_volume", "non_max_suppression", "paired_giou", "paired_iou", "pairwise_giou", "pairwise_iou"]

BLOCK_ROWS = 256
"""Boxes whose mutual overlaps are looked at together in non-maximum suppression; 128 to 512 are equally fast."""


def box_volume(boxes: Tensor) -> Tensor:
    """Returns the area or volume of each box ``(..., 2D)`` as ``(...)``; 0 for an empty or inverted box."""
    (boxes,) = _floating(boxes)
    low, high = boxes.chunk(2, dim=-1)
    return (high - low).clamp(min=0).prod(dim=-1)


def paired_iou(first: Tensor, second: Tensor) -> Tensor:
    """Returns the intersection over union of the boxes at the same place.

    Args:
        first: ``(..., 2D)``.
        second: ``(..., 2D)``, the same shape.

    Returns:
        ``(...)`` in [0, 1].

    Raises:
        GeometryError: The shapes differ or are no boxes.
    """
    return _iou(*_paired(first, second))


def paired_giou(first: Tensor, second: Tensor) -> Tensor:
    """Returns the generalized IoU (arXiv 1902.09630) of the boxes at the same place.

    Args:
        first: ``(..., 2D)``.
        second: ``(..., 2D)``, the same shape.

    Returns:
        ``(...)`` in [-1, 1].

    Raises:
        GeometryError: The shapes differ or are no boxes.
    """
    return _giou(*_paired(first, second))


def pairwise_iou(first: Tensor, second: Tensor) -> Tensor:
    """Returns the intersection over union of every box with every box.

    Args:
        first: ``(N, 2D)``.
        second: ``(M, 2D)``.

    Returns:
        ``(N, M)`` in [0, 1].

    Raises:
        GeometryError: The shapes are no lists of boxes of one dimension.
    """
    return _iou(*_crossed(first, second))


def pairwise_giou(first: Tensor, second: Tensor) -> Tensor:
    """Returns the generalized IoU (arXiv 1902.09630) of every box with every box.

    Args:
        first: ``(N, 2D)``.
        second: ``(M, 2D)``.

    Returns:
        ``(N, M)`` in [-1, 1].

    Raises:
        GeometryError: The shapes are no lists of boxes of one dimension.
    """
    return _giou(*_crossed(first, second))


@torch.no_grad()
def non_max_suppression(
    boxes: Tensor,
    scores: Tensor,
    *,
    threshold: float,
    max_count: int | None = None,
    groups: Tensor | None = None,
) -> Tensor:
    """Returns which boxes remain when, from the best score down, each kept box removes those that overlap it too much.

    Exactly the greedy rule, computed for blocks of boxes at a time.

    Args:
        boxes: ``(N, 2D)``, any dtype, any sign.
        scores: ``(N,)``; of equal scores the earlier box counts as better.
        threshold: A box is removed if its IoU with a kept box is greater than this, in [0, 1].
        max_count: Keep at most this many, the best ones.
        groups: ``(N,)`` integers, such as the phrase of each box; boxes of different groups never remove each other.

    Returns:
        ``(K,)`` int64 row numbers, best score first.

    Raises:
        GeometryError: Shapes that do not fit, scores or boxes that are NaN, or a setting out of range.
    """
    (boxes,) = _floating(boxes)
    _check_suppression(boxes, scores, threshold, max_count, groups)
    order = torch.argsort(scores, descending=True, stable=True)
    starts, ends = torch.zeros_like(order), torch.full_like(order, len(order))
    if groups is not None:
        # Group after group, best first in each: then a box can only remove boxes up to the end of its group.
        order = order[torch.argsort(groups[order], stable=True)]
        _, counts = torch.unique_consecutive(groups[order], return_counts=True)
        ends = counts.cumsum(0).repeat_interleave(counts)
        starts = ends - counts.repeat_interleave(counts)
    kept = order[_greedy_keep(boxes[order], starts, ends, threshold, max_count)]
    # Sorting the rows first makes ties come out in row order again.
    kept = kept.sort().values
    return kept[torch.argsort(scores[kept], descending=True, stable=True)][:max_count]


def _iou(first: Tensor, second: Tensor) -> Tensor:
    intersection, union, _ = _shares_of_hull(first, second)
    return intersection / _or_one(union)


def _giou(first: Tensor, second: Tensor) -> Tensor:
    intersection, union, hull_is_solid = _shares_of_hull(first, second)
    return intersection / _or_one(union) - torch.where(hull_is_solid, 1 - union, 0.0)


def _shares_of_hull(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Intersection and union of broadcast boxes as shares of their hull, and whether the hull has a volume at all.

    Lengths are divided by the hull's length axis by axis, before they are multiplied: volumes of tiny boxes would
    underflow, and gradients with them.
    """
    dims = first.shape[-1] // 2
    shares, solid = [], []
    for axis in range(dims):
        low_1, high_1, low_2, high_2 = (box[..., side] for box in (first, second) for side in (axis, axis + dims))
        # An inverted box still lies somewhere, so the hull takes in all its edges.
        hull_high = torch.maximum(torch.maximum(low_1, high_1), torch.maximum(low_2, high_2))
        hull_low = torch.minimum(torch.minimum(low_1, high_1), torch.minimum(low_2, high_2))
        hull = hull_high - hull_low
        divisor = _or_one(hull)
        lengths = (torch.minimum(high_1, high_2) - torch.maximum(low_1, low_2), high_1 - low_1, high_2 - low_2)
        shares.append([length.clamp(min=0) / divisor for length in lengths])
        solid.append(hull == divisor)
    intersection, volume_1, volume_2 = (reduce(mul, factors) for factors in zip(*shares, strict=True))
    return intersection, volume_1 + volume_2 - intersection, reduce(and_, solid)


def _or_one(divisor: Tensor) -> Tensor:
    """The divisor, or 1 where it is so small that its inverse overflows (the dividend is then smaller still)."""
    return torch.where(divisor >= torch.finfo(divisor.dtype).tiny, divisor, 1.0)


def _greedy_keep(boxes: Tensor, starts: Tensor, ends: Tensor, threshold: float, max_count: int | None) -> Tensor:
    """Which of the sorted boxes remain, ``(N,)`` bool; each may remove later ones up to the end of its group."""
    keep = torch.ones(len(boxes), dtype=torch.bool, device=boxes.device)
    row = 0
    while row < len(boxes):
        start, end = int(starts[row]), int(ends[row])
        if max_count is not None and int(keep[start:row].sum()) >= max_count:
            keep[row:end] = False
            row = end
            continue
        stop = min(row + BLOCK_ROWS, len(boxes))
        block = row + keep[row:stop].nonzero().flatten()
        keep[block] = _greedy_in_block(_removes(boxes, block, block, ends, threshold))
        block = block[keep[block]]
        later = stop + keep[stop : int(ends[stop - 1])].nonzero().flatten()
        keep[later] = ~_removes(boxes, block, later, ends, threshold).any(dim=0)
        row = stop
    return keep


def _removes(boxes: Tensor, rows: Tensor, columns: Tensor, ends: Tensor, threshold: float) -> Tensor:
    """Whether the box of each row would remove the box of each column: later, of the same group, too much overlap.

    Plain volumes, in place: without gradients to keep finite this is several times as fast as `pairwise_iou`, and right
    for sides of 1e-12 to 1e12 in 3D. 0 / 0 is NaN, which is not greater than the threshold.
    """
    dims = boxes.shape[1] // 2
    volumes = box_volume(boxes)
    union = volumes[rows][:, None] + volumes[columns]
    intersection = torch.ones_like(union)
    for low, high in zip(boxes.T[:dims], boxes.T[dims:], strict=True):
        length = torch.minimum(high[rows][:, None], high[columns])
        length -= torch.maximum(low[rows][:, None], low[columns])
        intersection *= length.clamp_(min=0)
    removes = intersection.div_(union.sub_(intersection)) > threshold
    return removes.logical_and_((columns > rows[:, None]).logical_and_(columns < ends[rows][:, None]))


def _greedy_in_block(removes: Tensor) -> Tensor:
    """Solves keep[j] = no kept i removes j, for ``(B, B)`` where only earlier boxes remove later ones.

    Each round settles at least one more box from the front, so the first repetition is the greedy answer; real boxes
    settle within a few rounds.
    """
    keep = torch.ones(len(removes), dtype=torch.bool, device=removes.device)
    while True:
        settled = ~(removes & keep[:, None]).any(dim=0)
        if torch.equal(settled, keep):
            return keep
        keep = settled


def _paired(first: Tensor, second: Tensor) -> tuple[Tensor, ...]:
    if first.shape != second.shape:
        raise GeometryError(
            f"paired boxes must have one shape, got {tuple(first.shape)} and {tuple(second.shape)}; "
            "for every box with every box use pairwise_iou or pairwise_giou"
        )
    return _floating(first, second)


def _crossed(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    if first.ndim != 2 or second.ndim != 2 or first.shape[1] != second.shape[1]:
        raise GeometryError(
            f"pairwise boxes must have shapes (N, 2D) and (M, 2D), got {tuple(first.shape)} and {tuple(second.shape)}"
        )
    first, second = _floating(first, second)
    return first[:, None], second[None]


def _floating(*boxes: Tensor) -> tuple[Tensor, ...]:
    """The boxes in their common dtype, float32 at least: halves overflow at an area of 256 x 256 pixels."""
    dtype = torch.float32
    for tensor in boxes:
        if tensor.ndim < 1 or tensor.shape[-1] not in (4, 6):
            raise GeometryError(f"boxes must have shape (..., 4) in 2D or (..., 6) in 3D, got {tuple(tensor.shape)}")
        dtype = torch.promote_types(dtype, tensor.dtype)
    return tuple(tensor.to(dtype) for tensor in boxes)


def _check_suppression(
    boxes: Tensor, scores: Tensor, threshold: float, max_count: int | None, groups: Tensor | None
) -> None:
    count = len(boxes)
    if boxes.ndim != 2 or scores.shape != (count,):
        raise GeometryError(
            f"suppression needs boxes (N, 2D) and scores (N,), got {tuple(boxes.shape)} and {tuple(scores.shape)}"
        )
    if groups is not None and (groups.shape != (count,) or groups.is_floating_point()):
        raise GeometryError(f"groups must be integers of shape ({count},), got {groups.dtype} {tuple(groups.shape)}")
    if not 0 <= threshold <= 1:
        raise GeometryError(f"the IoU threshold must lie in [0, 1], got {threshold}")
    if max_count is not None and max_count < 0:
        raise GeometryError(f"max_count must not be negative, got {max_count}; None keeps all")
    if torch.isnan(scores).any() or torch.isnan(boxes).any():
        raise GeometryError("scores and boxes must be numbers, got NaN; the network diverged or its input was damaged")
