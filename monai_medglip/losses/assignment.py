# SPDX-License-Identifier: Apache-2.0
"""Which candidate regions learn which truth box: task-aligned assignment, for each phrase by itself.

A point's metric for a box is ``score^a * IoU^b`` (TOOD, Feng et al., ICCV 2021); the best points near the box's center
learn it, and a point that several boxes want goes to the one that it overlaps most.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from monai_medglip.geometry.overlap import paired_iou

__all__ = ["Assignment", "assign_points"]


@dataclass(frozen=True)
class Assignment:
    """Positive candidates of a batch, one row each, K in all.

    Attributes:
        image: ``(K,)`` image in the batch.
        phrase: ``(K,)`` phrase of the image.
        point: ``(K,)`` candidate region.
        box: ``(K, 2D)`` the truth box that it learns.
        target: ``(K,)`` float in [0, 1], the soft target of its alignment.
    """

    image: Tensor
    phrase: Tensor
    point: Tensor
    box: Tensor
    target: Tensor


@torch.no_grad()
def assign_points(
    prediction: dict[str, Tensor],
    boxes: Tensor,
    box_image: Tensor,
    box_phrase: Tensor,
    *,
    top: int = 9,
    score_power: float = 0.5,
    overlap_power: float = 2.0,
) -> Assignment:
    """Assign candidate regions to truth boxes.

    Args:
        prediction: the network's dictionary (``alignment``, ``boxes``, ``points``, ``strides``).
        boxes: ``(G, 2D)`` all truth boxes of the batch, canvas edges.
        box_image: ``(G,)`` the image of each.
        box_phrase: ``(G,)`` its phrase within the image.
        top: candidates per box.
        score_power: weight of the alignment in the metric.
        overlap_power: weight of the overlap.

    Returns:
        The positives; each box has at least one of its own, as long as its phrase has fewer boxes than points.
    """
    if not len(boxes):
        none = box_image.new_zeros(0)
        return Assignment(none, none, none, boxes, boxes.new_zeros(0))
    score = prediction["alignment"][box_image, box_phrase].sigmoid()
    overlap = paired_iou(prediction["boxes"][box_image, box_phrase], boxes[:, None].expand(-1, score.shape[1], -1))
    near, distance = _near_center(boxes, prediction["points"], prediction["strides"])
    # the small constant keeps an order among points that overlap nothing yet
    metric = score**score_power * (overlap + 1e-3) ** overlap_power * near
    group = torch.unique(torch.stack([box_image, box_phrase]), dim=1, return_inverse=True)[1]
    best, point = _one_box_per_point(metric, overlap, group).topk(min(top, metric.shape[1]), dim=1)
    chosen = torch.zeros_like(near).scatter(1, point, best > 0)
    _give_free_points(chosen, torch.where(near, metric, -distance), group)
    row, column = torch.nonzero(chosen, as_tuple=True)
    target = _normalized(torch.where(chosen, metric.clamp_min(1e-12), torch.zeros_like(metric)), overlap)
    return Assignment(box_image[row], box_phrase[row], column, boxes[row], target[row, column])


def _near_center(boxes: Tensor, points: Tensor, strides: Tensor) -> tuple[Tensor, Tensor]:
    """Points in the middle half of a box, or within one stride of its center, and all points' distance in strides.

    Returns:
        ``(G, N)`` bool and ``(G, N)``.
    """
    dims = points.shape[1]
    center, size = (boxes[:, :dims] + boxes[:, dims:]) / 2, boxes[:, dims:] - boxes[:, :dims]
    distance = (points[None] - center[:, None]).abs()
    reach = torch.maximum(size[:, None] / 4, strides[None, :, None].expand(len(boxes), -1, 1))
    inside = distance <= size[:, None] / 2
    close = distance <= 0.5 * strides[None, :, None]
    near: Tensor = (distance <= reach).all(-1) & (inside | close).all(-1)
    # a box of one voxel may lie between all points of the reach above on coarse grids: its nearest point always counts
    in_strides = (distance / strides[None, :, None]).amax(-1)
    near[torch.arange(len(boxes)), in_strides.argmin(1)] = True
    return near, in_strides


def _one_box_per_point(metric: Tensor, overlap: Tensor, group: Tensor) -> Tensor:
    """Zero the metric where another box of the same image and phrase, ``group (G,)``, wants the point more."""
    wanted = torch.where(metric > 0, overlap + 1e-6 * metric, torch.full_like(overlap, -1.0))
    into = group[:, None].expand_as(wanted)
    best = torch.full_like(wanted, -1.0).scatter_reduce(0, into, wanted, reduce="amax")
    row = torch.arange(len(metric), device=metric.device)[:, None].expand_as(wanted)
    # of boxes that want a point equally, identical ones for example, the first gets it
    rival = torch.where(wanted >= best[group], row, len(metric))
    winner = torch.full_like(row, len(metric)).scatter_reduce(0, into, rival, reduce="amin")
    return torch.where(winner[group] == row, metric, torch.zeros_like(metric))


def _give_free_points(chosen: Tensor, wish: Tensor, group: Tensor) -> None:
    """Give each box that lost all its points to others the free one that it wishes most; ``(G, N)``, in place."""
    for row in torch.nonzero(~chosen.any(1)).flatten().tolist():
        taken = chosen[group == group[row]].any(0)
        if not taken.all():
            chosen[row, wish[row].masked_fill(taken, -torch.inf).argmax()] = True


def _normalized(metric: Tensor, overlap: Tensor) -> Tensor:
    """Scale each box's metrics so that its best candidate's target is its best overlap (TOOD, section 3.2)."""
    peak_metric = metric.amax(1, keepdim=True).clamp_min(1e-12)
    # a floor lets a box that nothing overlaps yet still draw alignment towards it
    peak_overlap = torch.where(metric > 0, overlap, torch.zeros_like(overlap)).amax(1, keepdim=True).clamp_min(0.1)
    return metric / peak_metric * peak_overlap
