# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math
import re

import pytest
import torch

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import (
    box_volume,
    non_max_suppression,
    paired_giou,
    paired_iou,
    pairwise_giou,
    pairwise_iou,
)
from monai_medglip.geometry import overlap as overlap_module

SQUARE = torch.tensor([[0.0, 0, 2, 2]])
MEASURES = [(paired_iou, pairwise_iou), (paired_giou, pairwise_giou)]


def test_half_covered_squares_have_a_third():
    # Two 2 x 2 squares, shifted by 1: they share 2 of 6, and their hull is 6 as well.
    other = torch.tensor([[1.0, 0, 3, 2]])
    assert float(paired_iou(SQUARE, other)) == pytest.approx(1 / 3)
    assert float(paired_giou(SQUARE, other)) == pytest.approx(1 / 3)


def test_separate_squares_are_as_far_apart_as_their_hull_is_empty():
    # Two 2 x 2 squares with a gap of 4: 8 of the hull's 8 x 2 = 16 are covered.
    other = torch.tensor([[6.0, 0, 8, 2]])
    assert float(paired_iou(SQUARE, other)) == 0
    assert float(paired_giou(SQUARE, other)) == pytest.approx(-0.5)


def test_shifted_cubes_by_hand():
    first, second = torch.tensor([[0.0, 0, 0, 2, 2, 2]]), torch.tensor([[1.0, 1, 1, 3, 3, 3]])
    assert float(pairwise_iou(first, second)) == pytest.approx(1 / 15)
    assert float(pairwise_giou(first, second)) == pytest.approx(1 / 15 - 12 / 27)


def test_volumes_by_hand():
    boxes = torch.tensor([[0.0, 0, 2, 3], [1, 1, 1, 5], [5, 5, 3, 3], [5, 0, 3, 9]])
    assert box_volume(boxes).tolist() == [6, 0, 0, 0]
    assert float(box_volume(torch.tensor([0.0, 0, 0, 2, 3, 4]))) == 24


@pytest.mark.parametrize("side", [1e-2, 1e-4, 1e-10, 1e-18, 1e10])
def test_a_tiny_box_overlaps_itself_fully(side):
    box = torch.tensor([[0.0, 0, 0, side, side, side]])
    assert float(pairwise_iou(box, box)) == float(pairwise_giou(box, box)) == 1


def test_an_empty_box_overlaps_nothing_not_even_itself():
    point = torch.tensor([[1.0, 1, 1, 1]])
    assert float(paired_iou(point, point)) == float(paired_giou(point, point)) == 0
    assert float(paired_iou(point, SQUARE)) == float(paired_giou(point, SQUARE)) == 0


def test_two_points_apart_are_as_different_as_boxes_can_be():
    assert float(paired_giou(torch.tensor([1.0, 1, 1, 1]), torch.tensor([2.0, 2, 2, 2]))) == -1


def test_an_inverted_box_is_empty_and_lies_where_its_edges_are():
    inverted = torch.tensor([[2.0, 2, 0, 0]])
    assert float(paired_iou(inverted, SQUARE)) == float(paired_giou(inverted, SQUARE)) == 0
    # Hull [0, 8] x [0, 2], of which only the square of 4 is covered.
    assert float(paired_giou(inverted + torch.tensor([6.0, 0, 6, 0]), SQUARE)) == pytest.approx(4 / 16 - 1)


def test_a_loss_on_an_inverted_box_turns_it_round():
    box = torch.tensor([[3.0, 0, 1, 2]], requires_grad=True)
    (1 - paired_giou(box, torch.tensor([[1.0, 0, 2, 2]]))).sum().backward()
    assert box.grad[0, 0] > 0, "the low edge must go down"


@pytest.mark.parametrize(("paired", "pairwise"), MEASURES)
@pytest.mark.parametrize("width", [4, 6])
def test_no_boxes_have_no_overlap(paired, pairwise, width):
    none, some = torch.zeros(0, width), torch.rand(3, width)
    assert paired(none, none).shape == (0,)
    assert pairwise(none, some).shape == (0, 3)
    assert pairwise(some, none).shape == (3, 0)
    assert pairwise(none, none).shape == (0, 0)


@pytest.mark.parametrize(("paired", "pairwise"), MEASURES)
@pytest.mark.parametrize(
    ("dtype", "computed"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.int64, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_measures_are_computed_in_float32_or_better(paired, pairwise, dtype, computed):
    boxes = torch.tensor([[0, 0, 1000, 1000], [0, 0, 500, 1000]]).to(dtype)
    assert paired(boxes, boxes).dtype == pairwise(boxes, boxes).dtype == box_volume(boxes).dtype == computed
    assert float(pairwise(boxes, boxes)[0, 1]) == 0.5


def test_float64_is_kept_when_one_side_has_it():
    assert pairwise_iou(SQUARE, SQUARE.double()).dtype == torch.float64


def test_paired_measures_take_any_leading_shape():
    boxes = torch.rand(2, 5, 3, 6)
    assert paired_iou(boxes, boxes).shape == (2, 5, 3)
    assert paired_giou(boxes[0, 0, 0], boxes[0, 0, 0]).shape == ()


@pytest.mark.parametrize("paired", [paired_iou, paired_giou])
def test_paired_measures_do_not_broadcast(paired):
    with pytest.raises(GeometryError, match=re.escape("must have one shape, got (1, 4) and (3, 4)")):
        paired(torch.zeros(1, 4), torch.zeros(3, 4))


@pytest.mark.parametrize("pairwise", [pairwise_iou, pairwise_giou])
@pytest.mark.parametrize("shapes", [((4,), (3, 4)), ((3, 4), (3, 6)), ((2, 3, 4), (3, 4))])
def test_pairwise_measures_need_two_lists(pairwise, shapes):
    with pytest.raises(GeometryError, match=r"must have shapes \(N, 2D\) and \(M, 2D\)"):
        pairwise(*(torch.zeros(shape) for shape in shapes))


@pytest.mark.parametrize("shape", [(3, 5), (0,), ()])
def test_what_is_no_box_is_refused(shape):
    with pytest.raises(GeometryError, match=re.escape("must have shape (..., 4) in 2D or (..., 6) in 3D")):
        box_volume(torch.zeros(shape))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
@pytest.mark.parametrize("measure", [pairwise_iou, pairwise_giou])
def test_gradients_of_boxes_without_size_are_finite(measure, dtype):
    boxes = torch.tensor([[1, 1, 1, 1], [1, 0, 1, 2], [0, 0, 2, 2], [2, 2, 0, 0]], dtype=dtype, requires_grad=True)
    measure(boxes, boxes).sum().backward()
    assert bool(torch.isfinite(boxes.grad).all())


def test_suppression_keeps_the_best_of_a_heap():
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30]])
    assert non_max_suppression(boxes, torch.tensor([0.6, 0.9, 0.3]), threshold=0.5).tolist() == [1, 2]


def test_a_removed_box_removes_nothing():
    # Each overlaps the next by 7 / 13 and the one after it by 4 / 16: the second goes, so the third stays.
    boxes = torch.tensor([[0.0, 0, 10, 1], [3, 0, 13, 1], [6, 0, 16, 1]])
    assert non_max_suppression(boxes, torch.tensor([0.9, 0.8, 0.7]), threshold=0.5).tolist() == [0, 2]


def test_overlap_of_just_the_threshold_is_kept():
    boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 1, 2]])
    assert non_max_suppression(boxes, torch.tensor([0.9, 0.8]), threshold=0.5).tolist() == [0, 1]
    assert non_max_suppression(boxes, torch.tensor([0.9, 0.8]), threshold=0.49).tolist() == [0]


def test_integer_boxes_do_not_truncate_the_scores():
    boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 9]])
    assert non_max_suppression(boxes, torch.tensor([0.2, 0.7]), threshold=0.5).tolist() == [1]


def test_groups_do_not_meet_at_negative_coordinates():
    boxes = torch.tensor([[-100.0, -100, 0, 0]]).repeat(3, 1)
    scores, groups = torch.tensor([0.5, 0.6, 0.4]), torch.tensor([0, 1, 1])
    assert non_max_suppression(boxes, scores, threshold=0.5, groups=groups).tolist() == [1, 0]


def test_the_best_are_kept_over_all_groups():
    boxes = torch.tensor([[0.0, 0, 1, 1]]).repeat(4, 1)
    scores, groups = torch.tensor([0.5, 0.9, 0.7, 0.8]), torch.tensor([3, 1, 2, -7])
    assert non_max_suppression(boxes, scores, threshold=0.5, groups=groups, max_count=2).tolist() == [1, 3]


@pytest.mark.parametrize("width", [4, 6])
def test_suppressing_no_boxes_keeps_none(width):
    none = torch.zeros(0)
    for groups in (None, none.long()):
        kept = non_max_suppression(torch.zeros(0, width), none, threshold=0.5, groups=groups)
        assert kept.dtype == torch.int64
        assert kept.shape == (0,)


def test_empty_and_inverted_boxes_are_neither_removed_nor_removing():
    boxes = torch.tensor([[0.0, 0, 4, 4], [4, 4, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]])
    kept = non_max_suppression(boxes, torch.tensor([0.4, 0.9, 0.8, 0.7]), threshold=0.0)
    assert kept.tolist() == [1, 2, 3, 0]


def test_suppression_needs_no_gradient():
    boxes = torch.rand(5, 4, requires_grad=True)
    assert not non_max_suppression(boxes, torch.rand(5), threshold=0.5).requires_grad


def test_a_chain_of_many_blocks_is_the_greedy_rule():
    # Box k overlaps only box k + 1 by more than the threshold, so every other box stays, over all block borders.
    low = torch.arange(600.0) * 3
    boxes = torch.stack([low, torch.zeros(600), low + 10, torch.ones(600)], dim=1)
    assert non_max_suppression(boxes, -torch.arange(600.0), threshold=0.5).tolist() == list(range(0, 600, 2))


def test_thousands_of_boxes_are_compared_in_blocks_and_not_one_by_one(monkeypatch):
    calls = []
    compare = overlap_module._removes
    monkeypatch.setattr(overlap_module, "_removes", lambda *given: calls.append(1) or compare(*given))
    low = torch.rand(2000, 2, generator=torch.Generator().manual_seed(0)) * 500
    kept = non_max_suppression(torch.cat([low, low + 20], dim=1), torch.linspace(1, 0, 2000), threshold=1)
    assert len(kept) == 2000
    assert len(calls) == 2 * math.ceil(2000 / overlap_module.BLOCK_ROWS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"boxes": torch.zeros(4)}, "needs boxes (N, 2D) and scores (N,), got (4,) and (2,)"),
        ({"scores": torch.zeros(3)}, "got (2, 4) and (3,)"),
        ({"scores": torch.zeros(2, 1)}, "got (2, 4) and (2, 1)"),
        ({"scores": torch.tensor([0.5, torch.nan])}, "got NaN"),
        ({"boxes": torch.full((2, 4), torch.nan)}, "got NaN"),
        ({"groups": torch.zeros(3, dtype=torch.int64)}, "integers of shape (2,)"),
        ({"groups": torch.zeros(2)}, "integers of shape (2,), got torch.float32"),
        ({"threshold": 1.5}, "must lie in [0, 1], got 1.5"),
        ({"threshold": float("nan")}, "must lie in [0, 1], got nan"),
        ({"max_count": -1}, "must not be negative, got -1"),
    ],
)
def test_suppression_refuses_what_does_not_fit(change, words):
    arguments = {"boxes": torch.zeros(2, 4), "scores": torch.zeros(2), "threshold": 0.5} | change
    with pytest.raises(GeometryError, match=re.escape(words)):
        non_max_suppression(**arguments)
