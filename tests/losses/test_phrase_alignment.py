# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
import torch

from monai_medglip.losses import QualityFocalLoss


@pytest.mark.parametrize(
    ("logit", "target", "by_hand"),
    [
        (0.0, 1.0, 0.25 * math.log(2)),
        (0.0, 0.0, 0.25 * math.log(2)),
        (0.0, 0.5, 0.0),  # at the soft target nothing is left to learn
        (math.log(4), 0.0, 0.64 * math.log(5)),  # probability 0.8
        (math.log(4), 0.3, 0.25 * (0.3 * math.log(1.25) + 0.7 * math.log(5))),
    ],
)
def test_it_is_the_equation_by_hand(logit, target, by_hand):
    loss = QualityFocalLoss()(torch.tensor([logit]), torch.tensor([target]), torch.ones(1))
    assert loss.item() == pytest.approx(by_hand, abs=1e-6)


def test_without_focus_it_is_cross_entropy():
    logits, target = torch.randn(5), torch.rand(5)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="sum")
    torch.testing.assert_close(QualityFocalLoss(gamma=0.0)(logits, target, torch.ones(5)), expected)


def test_weights_scale_and_leave_out():
    logits, target = torch.tensor([0.0, 9.0]), torch.tensor([1.0, 0.0])
    assert QualityFocalLoss()(logits, target, torch.tensor([3.0, 0.0])).item() == pytest.approx(0.75 * math.log(2))


def test_the_gradient_leads_to_the_soft_target():
    logits = torch.tensor([-3.0, 3.0], requires_grad=True)
    QualityFocalLoss()(logits, torch.tensor([0.7, 0.7]), torch.ones(2)).backward()
    assert logits.grad[0] < 0 < logits.grad[1]


def test_extreme_logits_stay_finite():
    logits = torch.tensor([-200.0, 200.0], requires_grad=True)
    loss = QualityFocalLoss()(logits, torch.tensor([1.0, 0.0]), torch.ones(2))
    loss.backward()
    assert loss.item() == pytest.approx(400.0)
    assert logits.grad.isfinite().all()
