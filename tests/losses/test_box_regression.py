# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medglip.losses import BoxRegressionLoss

TRUTH = torch.tensor([[10.0, 10.0, 30.0, 20.0]])
ONE = torch.ones(1)


@pytest.mark.parametrize("truth", [TRUTH, torch.tensor([[0.0, 0, 0, 4, 5, 6]]), torch.tensor([[3.0, 3, 4, 4]])])
def test_equal_boxes_cost_nothing(truth):
    assert BoxRegressionLoss()(truth.clone(), truth, ONE).item() == pytest.approx(0.0, abs=1e-6)


def test_it_is_the_formula_by_hand():
    # moved by half its width: intersection 100, union and hull 300; two of four sides off by half a side
    moved = torch.tensor([[20.0, 10.0, 40.0, 20.0]])
    assert BoxRegressionLoss()(moved, TRUTH, ONE).item() == pytest.approx(2 * (1 - 1 / 3) + 0.25)
    assert BoxRegressionLoss(giou_weight=0, l1_weight=4)(moved, TRUTH, ONE).item() == pytest.approx(1.0)


def test_a_far_box_is_charged_by_its_hull_and_a_bounded_distance():
    far = torch.tensor([[10_010.0, 10.0, 10_030.0, 20.0]])
    giou = 400 / (10_020 * 10) - 1  # two boxes of 200 in their hull
    assert BoxRegressionLoss()(far, TRUTH, ONE).item() == pytest.approx(2 * (1 - giou) + 1.0)


def test_the_gradient_pulls_every_side_to_the_truth():
    boxes = torch.tensor([[8.0, 12.0, 33.0, 19.0]], requires_grad=True)
    BoxRegressionLoss()(boxes, TRUTH, ONE).backward()
    assert torch.equal(-boxes.grad.sign(), (TRUTH - boxes.detach()).sign())


def test_the_gradient_pulls_a_box_that_does_not_overlap():
    boxes = torch.tensor([[40.0, 10.0, 60.0, 20.0]], requires_grad=True)
    BoxRegressionLoss(l1_weight=0)(boxes, TRUTH, ONE).backward()
    assert boxes.grad[0, 0] > 0  # its low side moves down, towards the truth


def test_a_small_box_counts_as_much_as_a_large_one():
    small = BoxRegressionLoss()(torch.tensor([[0.0, 0, 3, 2]]), torch.tensor([[0.0, 0, 2, 2]]), ONE)
    large = BoxRegressionLoss()(torch.tensor([[0.0, 0, 300, 200]]), torch.tensor([[0.0, 0, 200, 200]]), ONE)
    torch.testing.assert_close(small, large)


def test_pairs_are_weighted_and_none_cost_nothing():
    boxes, truth = torch.tensor([[0.0, 0, 9, 9], [0, 0, 4, 4]]), torch.tensor([[0.0, 0, 4, 4], [0, 0, 4, 4]])
    loss = BoxRegressionLoss()
    torch.testing.assert_close(loss(boxes, truth, torch.tensor([0.5, 7.0])), 0.5 * loss(boxes[:1], truth[:1], ONE))
    assert loss(torch.zeros(0, 4), torch.zeros(0, 4), torch.zeros(0)).item() == 0.0
