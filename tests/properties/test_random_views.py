# SPDX-License-Identifier: Apache-2.0
"""What holds for every random view: the carried box holds all that the mask shows, and no more without a turn."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from monai.data import MetaTensor

from monai_medglip.transforms import BoxesToFramed, RandCanvas, RandCanvasd, RecordFramed

SIZE = (48, 40)


@st.composite
def boxed_images(draw):
    shape = tuple(draw(st.integers(2, 120)) for _ in range(2))
    low = [draw(st.integers(0, extent - 1)) for extent in shape]
    high = [draw(st.integers(start + 1, extent)) for start, extent in zip(low, shape, strict=True)]
    return shape, (*low, *high)


def viewed(shape, box, seed, rotation_degrees):
    ids = torch.zeros((1, *shape), dtype=torch.int16)
    ids[0, box[0] : box[2], box[1] : box[3]] = 1
    item = {"ids": MetaTensor(ids), "boxes": torch.tensor([box], dtype=torch.float32)}
    view = RandCanvas(SIZE, prob=1.0, rotation_degrees=rotation_degrees).set_random_state(seed)
    steps = (RecordFramed("ids"), RandCanvasd("ids", view, interpolation="nearest"), BoxesToFramed("boxes", "ids"))
    for step in steps:
        item = step(item)
    return item


@settings(deadline=None, max_examples=30)
@given(boxed_images(), st.integers(0, 2**31), st.sampled_from([0.0, 10.0, 180.0]))
def test_a_carried_box_holds_every_pixel_of_the_mask(image, seed, rotation_degrees):
    item = viewed(*image, seed, rotation_degrees)
    centers = np.argwhere(np.asarray(item["ids"][0])) + 0.5
    box = item["boxes"][0].numpy()
    assert (centers >= box[:2] - 1e-3).all()
    assert (centers <= box[2:] + 1e-3).all()


@settings(deadline=None, max_examples=30)
@given(boxed_images(), st.integers(0, 2**31))
def test_without_a_turn_every_pixel_of_the_carried_box_is_in_the_mask(image, seed):
    item = viewed(*image, seed, rotation_degrees=0.0)
    low, high = item["boxes"][0].numpy().reshape(2, 2)
    rows = [
        slice(*np.ceil([start - 0.5 + 1e-3, stop - 0.5 - 1e-3]).astype(int))
        for start, stop in zip(low, high, strict=True)
    ]
    assert np.asarray(item["ids"][0])[tuple(rows)].all()


@settings(deadline=None, max_examples=30)
@given(boxed_images(), st.integers(0, 2**31))
def test_the_share_inside_is_between_none_and_all_and_the_valid_region_in_the_canvas(image, seed):
    item = viewed(*image, seed, rotation_degrees=10.0)
    assert 0 <= item["boxes_inside"][0] <= 1 + 1e-6
    region = item["valid_region"].numpy()
    assert (region[:2] >= 0).all()
    assert (region[:2] <= region[2:]).all()
    assert (region[2:] <= SIZE).all()
