# SPDX-License-Identifier: Apache-2.0
"""The head on hand-made features, in 2D and 3D."""

from __future__ import annotations

import pytest
import torch

from monai_medglip.networks import GroundingHead

STRIDES = (8, 16)


def head_of(dims):
    torch.manual_seed(0)
    return GroundingHead(width=16, pixel_width=4, strides=STRIDES, box_width=8, spatial_dims=dims)


def features(dims, batch=2, canvas=32):
    torch.manual_seed(1)
    regions = [torch.randn(batch, 16, *[canvas // stride] * dims) for stride in STRIDES]
    return regions, torch.randn(batch, 4, *[canvas // 2] * dims)


@pytest.mark.parametrize("dims", [2, 3])
def test_every_phrase_gets_one_candidate_per_cell(dims):
    answer = head_of(dims)(*features(dims), torch.randn(2, 3, 16))
    cells = 4**dims + 2**dims
    assert answer["boxes"].shape == (2, 3, cells, 2 * dims)
    assert answer["alignment"].shape == answer["quality"].shape == (2, 3, cells)
    assert answer["masks"].shape == (2, 3, *[16] * dims)
    assert answer["points"].shape == (cells, dims)
    assert answer["strides"].tolist() == [8.0] * 4**dims + [16.0] * 2**dims


@pytest.mark.parametrize("dims", [2, 3])
def test_no_phrase_gives_empty_answers_that_keep_their_shape(dims):
    answer = head_of(dims)(*features(dims), torch.zeros(2, 0, 16))
    assert answer["masks"].shape == (2, 0, *[16] * dims)
    assert answer["boxes"].shape == (2, 0, 4**dims + 2**dims, 2 * dims)
    assert answer["presence"].shape == (2, 0)


def test_two_phrases_get_different_boxes_at_one_point():
    boxes = head_of(2)(*features(2), torch.randn(2, 2, 16))["boxes"]
    assert not torch.allclose(boxes[:, 0], boxes[:, 1])


def test_before_training_few_points_match():
    alignment = head_of(2)(*features(2), torch.randn(2, 8, 16))["alignment"]
    assert alignment.sigmoid().mean() < 0.05


def test_alignment_is_the_scaled_dot_product_of_region_and_phrase():
    head, (regions, pixels), phrases = head_of(2), features(2), torch.randn(2, 3, 16)
    asked = head.align_phrase(phrases[0, 1])
    vector = head.align_regions(regions[1])[0, :, 1, 0]
    by_hand = (asked[:-1] @ vector) / 4 + asked[-1]
    torch.testing.assert_close(head(regions, pixels, phrases)["alignment"][0, 1, 16 + 2], by_hand)


def test_boxes_move_with_the_features_of_their_cell():
    head, (regions, pixels), phrases = head_of(2), features(2), torch.randn(2, 1, 16)
    swapped = [regions[0].flip(2), regions[1]]
    before, after = (head(maps, pixels, phrases) for maps in (regions, swapped))
    sides_before = (before["boxes"][0, 0, :16] - before["points"][:16].repeat(1, 2)).reshape(4, 4, 4)
    sides_after = (after["boxes"][0, 0, :16] - after["points"][:16].repeat(1, 2)).reshape(4, 4, 4)
    torch.testing.assert_close(sides_after, sides_before.flip(0))


def test_presence_rises_with_the_best_region():
    head, (regions, pixels), phrases = head_of(2), features(2, batch=1), torch.randn(1, 1, 16)
    answer = head(regions, pixels, phrases)
    with torch.no_grad():
        head.presence_peak += 1
    higher = head(regions, pixels, phrases)
    torch.testing.assert_close(higher["presence"] - answer["presence"], answer["alignment"].amax(2))


@pytest.mark.parametrize("dims", [2, 3])
def test_every_parameter_learns(dims):
    head, phrases = head_of(dims), torch.randn(2, 3, 16, requires_grad=True)
    answer = head(*features(dims), phrases)
    sum(value.sum() for name, value in answer.items() if name not in ("points", "strides")).backward()
    assert all(parameter.grad is not None for parameter in head.parameters())
    assert phrases.grad.isfinite().all()
