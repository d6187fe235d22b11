# SPDX-License-Identifier: Apache-2.0
"""Overlap measures against counted voxels and exact fractions, at every scale; suppression against brute force."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medglip.geometry import (
    non_max_suppression,
    paired_giou,
    paired_iou,
    pairwise_giou,
    pairwise_iou,
)
from monai_medglip.geometry import overlap as overlap_module

seeds = st.integers(0, 2**32 - 1)
dims = st.sampled_from([2, 3])
scales = st.sampled_from([1e-12, 1e-6, 1e-3, 1.0, 1e4])
dtypes = st.sampled_from([torch.float32, torch.float64])
relaxed = settings(deadline=None, max_examples=80)


def integer_boxes(rng, count, spatial_dims, *, size=9):
    """Boxes on a small lattice, some of them without size."""
    edges = np.sort(rng.integers(0, size + 1, (count, 2, spatial_dims)), axis=1)
    return edges.reshape(count, -1)


def wild_boxes(rng, count, spatial_dims):
    """Ordinary, tiny, huge, flat, point-like, equal and inverted boxes."""
    edges = rng.normal(size=(count, 2 * spatial_dims)) * 10.0 ** rng.integers(-9, 6, (count, 1))
    edges = np.where(rng.random((count, 2 * spatial_dims)) < 0.3, np.roll(edges, spatial_dims, axis=1), edges)
    return np.where(rng.random((count, 1)) < 0.2, edges[:1], edges)


def voxels(box, size=9):
    """The lattice cells that a box covers."""
    low, high = box.reshape(2, -1)
    mask = np.zeros((size,) * len(low), dtype=bool)
    mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return mask


def exact(first, second):
    """IoU and GIoU of two upright boxes in exact fractions of the given floats."""

    def volume(low, high):
        return np.prod([max(Fraction(0), Fraction(b) - Fraction(a)) for a, b in zip(low, high, strict=True)])

    (low_1, high_1), (low_2, high_2) = first.reshape(2, -1).tolist(), second.reshape(2, -1).tolist()
    inside = volume(map(max, low_1, low_2), map(min, high_1, high_2))
    union = volume(low_1, high_1) + volume(low_2, high_2) - inside
    hull = volume(map(min, low_1, low_2), map(max, high_1, high_2))
    iou = inside / union if union else Fraction(0)
    return float(iou), float(iou - (hull - union) / hull if hull else iou)


@given(seed=seeds, spatial_dims=dims, scale=scales, dtype=dtypes)
@relaxed
def test_iou_counts_voxels_at_every_scale(seed, spatial_dims, scale, dtype):
    first, second = (integer_boxes(np.random.default_rng(seed + k), 6, spatial_dims) for k in (0, 1))
    measured = pairwise_iou(torch.tensor(first, dtype=dtype) * scale, torch.tensor(second, dtype=dtype) * scale)
    for row, a in enumerate(first):
        for column, b in enumerate(second):
            inside, union = (voxels(a) & voxels(b)).sum(), (voxels(a) | voxels(b)).sum()
            assert float(measured[row, column]) == pytest.approx(inside / union if union else 0, abs=1e-5)


@given(seed=seeds, spatial_dims=dims)
@relaxed
def test_measures_are_the_exact_fractions(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    first, second = np.sort(rng.uniform(-1, 1, (2, 8, 2, spatial_dims)) * 10.0 ** rng.integers(-8, 8), axis=2).reshape(
        2, 8, -1
    )
    iou, giou = paired_iou(torch.tensor(first), torch.tensor(second)), paired_giou(*map(torch.tensor, (first, second)))
    for row in range(8):
        truth = exact(first[row], second[row])
        assert (float(iou[row]), float(giou[row])) == pytest.approx(truth, abs=1e-12)


@given(seed=seeds, spatial_dims=dims, dtype=dtypes)
@relaxed
def test_measures_are_symmetric_and_bounded_for_any_boxes(seed, spatial_dims, dtype):
    boxes = torch.tensor(wild_boxes(np.random.default_rng(seed), 12, spatial_dims), dtype=dtype)
    iou, giou = pairwise_iou(boxes, boxes), pairwise_giou(boxes, boxes)
    assert torch.equal(iou, iou.T)
    assert torch.equal(giou, giou.T)
    assert bool(((iou >= 0) & (iou <= 1)).all())
    assert bool(((giou >= -1) & (giou <= iou)).all())


@given(seed=seeds, spatial_dims=dims, dtype=dtypes)
@relaxed
def test_a_box_with_volume_overlaps_itself_fully(seed, spatial_dims, dtype):
    boxes = torch.tensor(wild_boxes(np.random.default_rng(seed), 12, spatial_dims), dtype=dtype)
    has_volume = (boxes[:, spatial_dims:] > boxes[:, :spatial_dims]).all(dim=1)
    assert torch.equal(paired_iou(boxes, boxes), has_volume.to(dtype))
    assert torch.equal(paired_giou(boxes, boxes)[has_volume], torch.ones(int(has_volume.sum()), dtype=dtype))


@given(seed=seeds, spatial_dims=dims)
@relaxed
def test_all_pairs_are_as_one_by_one(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    first, second = (torch.tensor(wild_boxes(rng, count, spatial_dims)) for count in (4, 5))
    for pairwise, paired in ((pairwise_iou, paired_iou), (pairwise_giou, paired_giou)):
        together = pairwise(first, second)
        alone = [[paired(a, b) for b in second] for a in first]
        assert together.tolist() == [[float(value) for value in row] for row in alone]


@given(seed=seeds, spatial_dims=dims, dtype=dtypes)
@relaxed
def test_gradients_are_finite_for_any_boxes(seed, spatial_dims, dtype):
    boxes = torch.tensor(wild_boxes(np.random.default_rng(seed), 10, spatial_dims), dtype=dtype, requires_grad=True)
    for measure in (pairwise_iou, pairwise_giou):
        (gradient,) = torch.autograd.grad(measure(boxes, boxes.flip(0)).sum(), boxes)
        assert bool(torch.isfinite(gradient).all())


@given(seed=seeds, spatial_dims=dims)
@settings(deadline=None, max_examples=30)
def test_gradients_are_the_slopes(seed, spatial_dims):
    rng = np.random.default_rng(seed)
    # No two edges closer than the step, so that no kink lies between the two sides of a difference quotient.
    edges = rng.permuted(np.arange(4.0) + rng.uniform(0, 0.4, (3, spatial_dims, 4)), axis=2)
    first, second = np.sort(edges.reshape(3, spatial_dims, 2, 2), axis=3).transpose(2, 0, 3, 1).reshape(2, 3, -1)
    first_tensor, second_tensor = (torch.tensor(box, requires_grad=True) for box in (first, second))
    assert torch.autograd.gradcheck(paired_giou, (first_tensor, second_tensor), eps=1e-7, atol=1e-5)


def greedy(boxes, scores, threshold, groups):
    """The rule in its own words, one box after another."""
    overlap = pairwise_iou(boxes, boxes)
    kept: list[int] = []
    for row in sorted(range(len(boxes)), key=lambda row: (-float(scores[row]), row)):
        if not any(overlap[row, better] > threshold and groups[row] == groups[better] for better in kept):
            kept.append(row)
    return kept


@given(
    seed=seeds,
    spatial_dims=dims,
    count=st.integers(0, 90),
    threshold=st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]),
    group_count=st.integers(1, 6),
    max_count=st.one_of(st.none(), st.integers(0, 20)),
    block_rows=st.sampled_from([1, 7, 32, 256]),
)
@settings(deadline=None, max_examples=120)
def test_suppression_is_the_greedy_rule(seed, spatial_dims, count, threshold, group_count, max_count, block_rows):
    rng = np.random.default_rng(seed)
    low = rng.uniform(-60, 20, (count, spatial_dims))
    boxes = torch.tensor(np.concatenate([low, low + rng.uniform(0, 50, low.shape)], axis=1))
    scores, groups = torch.tensor(rng.integers(0, 30, count) / 30), torch.tensor(rng.integers(-3, group_count, count))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overlap_module, "BLOCK_ROWS", block_rows)
        kept = non_max_suppression(boxes, scores, threshold=threshold, max_count=max_count, groups=groups)
        alone = non_max_suppression(boxes, scores, threshold=threshold, max_count=max_count)
    assert kept.tolist() == greedy(boxes, scores, threshold, groups)[:max_count]
    assert alone.tolist() == greedy(boxes, scores, threshold, torch.zeros(count))[:max_count]
