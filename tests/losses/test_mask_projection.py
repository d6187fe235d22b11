# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from monai.losses import DiceLoss

from monai_medglip.losses import MaskProjectionLoss

SURE = 30.0


def block(shape, *cells):
    """A mask ``(1, *shape)`` of ones in a block of cells."""
    mask = torch.zeros(1, *shape)
    mask[(0, *cells)] = 1.0
    return mask


def logits_of(mask):
    return SURE * (2 * mask - 1)


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 5)])
def test_the_truth_costs_nothing(shape):
    mask = block(shape, *(slice(1, 4) for _ in shape))
    assert MaskProjectionLoss()(logits_of(mask), mask).tolist() == pytest.approx([0.0], abs=1e-6)


def test_it_is_the_dice_of_the_profiles_by_hand():
    truth, found = block((10, 8), slice(2, 6), slice(1, 4)), block((10, 8), slice(4, 8), slice(1, 4))
    # x: two of four planes are shared; y: all three
    assert MaskProjectionLoss()(logits_of(found), truth).item() == pytest.approx((0.5 + 0.0) / 2, abs=1e-6)


def test_it_is_monai_dice_over_each_profile():
    logits, truth = torch.randn(3, 6, 5, 4), (torch.rand(3, 6, 5, 4) > 0.9).float()
    dice = DiceLoss(squared_pred=True, reduction="none", smooth_nr=0.0, smooth_dr=0.0)
    profiles = [
        dice(logits.sigmoid().amax(across)[:, None], truth.amax(across)[:, None]).flatten()
        for across in [(2, 3), (1, 3), (1, 2)]
    ]
    torch.testing.assert_close(MaskProjectionLoss()(logits, truth), torch.stack(profiles).mean(0))


def test_one_voxel_beyond_costs_more_than_in_dice_over_voxels():
    truth = block((20, 20, 20), slice(4, 12), slice(4, 12), slice(4, 12))
    found = truth.clone()
    found[0, 14, 8, 8] = 1.0
    over_voxels = DiceLoss(sigmoid=True, squared_pred=True)(logits_of(found)[None], truth[None])
    assert MaskProjectionLoss()(logits_of(found), truth).item() > 10 * over_voxels.item()


def test_every_plane_that_is_wrong_has_a_gradient():
    truth = block((8, 8), slice(2, 5), slice(2, 5))
    logits = torch.zeros(1, 8, 8, requires_grad=True)
    MaskProjectionLoss()(logits, truth).sum().backward()
    by_plane = logits.grad.sum(2)[0]
    assert (by_plane[2:5] < 0).all()
    assert (by_plane[[0, 1, 5, 6, 7]] > 0).all()


def test_an_empty_truth_costs_one_and_stays_finite():
    logits = torch.full((1, 4, 4), -200.0, requires_grad=True)
    loss = MaskProjectionLoss()(logits, torch.zeros(1, 4, 4))
    loss.sum().backward()
    assert loss.tolist() == [1.0]
    assert logits.grad.isfinite().all()
