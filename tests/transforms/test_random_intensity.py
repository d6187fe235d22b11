# SPDX-License-Identifier: Apache-2.0
"""Random intensity: in range, in place, reproducible."""

from __future__ import annotations

import pickle

import pytest
import torch
from monai.data import MetaTensor

from monai_medglip.transforms import RandIntensity, RandIntensityd


def picture(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("shape", [(3, 20, 16), (3, 9, 8, 7)])
def test_values_stay_in_range_and_change(shape):
    change = RandIntensity(prob=1.0).set_random_state(0)
    image = picture(*shape)
    for _ in range(20):
        changed = change(image)
        assert changed.shape == image.shape
        assert changed.dtype == torch.float32
        assert changed.abs().max() <= 1
        assert not torch.equal(changed, image)


def test_a_grey_image_stays_grey():
    change = RandIntensity(prob=1.0).set_random_state(0)
    grey = picture(1, 20, 16).repeat(3, 1, 1)
    for _ in range(20):
        changed = change(grey)
        assert torch.equal(changed[0], changed[1])
        assert torch.equal(changed[0], changed[2])


def test_without_noise_and_blur_brighter_stays_brighter():
    change = RandIntensity(prob=1.0, noise=0.0).set_random_state(1)
    ramp = torch.linspace(-1, 1, 50).reshape(1, 50, 1).repeat(3, 1, 1)
    for _ in range(20):
        assert (change(ramp)[0].diff(dim=0) >= 0).all()


def test_nothing_happens_where_all_changes_are_none():
    change = RandIntensity(prob=1.0, gamma=0, contrast=0, brightness=0, noise=0, color=0).set_random_state(0)
    flat = torch.full((3, 8, 8), 0.25)
    for _ in range(20):
        assert torch.allclose(change(flat), flat, atol=1e-6)


def test_when_it_does_not_fire_the_image_is_the_same():
    image = picture(3, 8, 8)
    assert RandIntensity(prob=0.0)(image) is image


def test_the_same_seed_gives_the_same_changes_whatever_torch_drew():
    image = picture(3, 12, 10)
    first, second = (RandIntensity(prob=0.7).set_random_state(3) for _ in range(2))
    for _ in range(30):
        before = first(image)
        torch.rand(5)
        assert torch.equal(before, second(image))


def test_the_images_of_an_item_change_alike_and_stay_in_place():
    affine = torch.diag(torch.tensor([2.0, 3.0, 4.0, 1.0], dtype=torch.float64))
    image = MetaTensor(picture(3, 12, 10), affine=affine)
    change = pickle.loads(pickle.dumps(RandIntensityd(("a", "b"), RandIntensity(prob=1.0)))).set_random_state(0)
    item = change({"a": image, "b": image})
    assert torch.equal(item["a"].as_tensor(), item["b"].as_tensor())
    assert torch.equal(item["a"].affine, affine)
    assert torch.equal(image.as_tensor(), picture(3, 12, 10))
