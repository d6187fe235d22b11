# SPDX-License-Identifier: Apache-2.0
"""The recipes from end to end on a made-up picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose

from monai_medglip.ontology import Mirror
from monai_medglip.transforms import RandCanvas, inference_transforms, training_transforms, validation_transforms

SIZE = (96, 96)


@dataclass(frozen=True)
class Row:
    concept: str


def chest(_: object = None) -> dict[str, object]:
    """A picture 150 wide and 100 high with one bright rectangle on its left, which is the patient's right."""
    picture = torch.zeros((1, 150, 100), dtype=torch.uint8)
    picture[0, 20:60, 30:80] = 255
    return {
        "image": MetaTensor(picture),
        "instances": MetaTensor((picture > 0).to(torch.int16)),
        "region_boxes": torch.tensor([[20.0, 30, 60, 80]]),
        "region_table": [Row("right lung")],
        "mirror": Mirror.SWAP,
        "record": "XR",
    }


def bright_box(image: torch.Tensor) -> np.ndarray:
    found = np.argwhere(np.asarray(image[0]) > 0.4)
    return np.concatenate([found.min(axis=0), found.max(axis=0) + 1])


@pytest.mark.parametrize("seed", range(6))
def test_training_keeps_picture_map_box_and_side_together(seed):
    view = RandCanvas(SIZE, prob=0.8, rotation_degrees=0, zoom_range=(0.8, 1.1))
    compose = Compose(training_transforms(load=[chest], view=view)).set_random_state(seed)
    for _ in range(4):
        item = compose({})
        box = item["region_boxes"][0].numpy()
        np.testing.assert_allclose(box, bright_box(item["instances"]), atol=0.75)
        assert item["image"].shape == (3, *SIZE)
        assert item["region_table"][0].concept == ("left lung" if item["mirrored"] else "right lung")
        region = item["valid_region"].numpy()
        if region[0] > 0 and region[2] < SIZE[0]:  # the whole width is in view
            on_picture_left = (box[0] + box[2]) / 2 < (region[0] + region[2]) / 2
            assert on_picture_left == (item["region_table"][0].concept == "right lung")


def test_the_padding_of_training_stays_zero_whatever_the_intensity():
    view = RandCanvas(SIZE, prob=0.0)
    compose = Compose(training_transforms(load=[chest], view=view)).set_random_state(0)
    for _ in range(5):
        assert (compose({})["image"][:, :, 64:] == 0).all()


def test_validation_shows_the_whole_picture_at_the_corner():
    item = Compose(validation_transforms(load=[chest], size=SIZE))({})
    np.testing.assert_allclose(item["valid_region"], [0, 0, 96, 64])
    np.testing.assert_allclose(item["region_boxes"][0], np.array([20, 30, 60, 80]) * 0.64, atol=1e-4)


def test_the_targets_come_last():
    item = Compose(validation_transforms(load=[chest], targets=[lambda item: item["region_boxes_inside"]], size=SIZE))(
        {}
    )
    assert item.tolist() == [1.0]


def test_inference_needs_nothing_but_the_picture_and_its_modality():
    source = chest()
    item = Compose(inference_transforms(size=SIZE))({"image": source["image"], "record": "XR"})
    validated = Compose(validation_transforms(size=SIZE))(source)
    assert torch.equal(item["image"].as_tensor(), validated["image"].as_tensor())
    np.testing.assert_allclose(item["valid_region"], [0, 0, 96, 64])


def test_a_seeded_training_recipe_is_reproducible():
    first, second = (Compose(training_transforms(load=[chest], size=SIZE)).set_random_state(9) for _ in range(2))
    for _ in range(4):
        assert torch.equal(first({})["image"].as_tensor(), second({})["image"].as_tensor())
