# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from monai_medglip.data_engine import collate_grounding
from monai_medglip.data_engine.collate import TARGET_KEYS
from monai_medglip.errors import DataError


def item_of(phrases, boxes, size=8):
    targets = {key: torch.zeros(0) for key in TARGET_KEYS}
    image = MetaTensor(torch.full((3, size, size), float(boxes)))
    region = torch.tensor([0.0, 0, 8, 8])
    fixed = {"modality": 2, "valid_region": region, "whole_image": region, "record": f"record {boxes}"}
    return {**targets, **fixed, "image": image, "phrases": phrases, "boxes": torch.zeros(boxes, 4)}


def test_ragged_targets_stay_with_their_image():
    batch = collate_grounding([item_of(["polyp"], 2), item_of(["colon", "cecum"], 0)])
    assert batch["phrases"] == [["polyp"], ["colon", "cecum"]]
    assert [targets["boxes"].shape for targets in batch["targets"]] == [(2, 4), (0, 4)]
    assert batch["records"] == ["record 2", "record 0"]


def test_lists_of_equal_length_are_not_transposed():
    batch = collate_grounding([item_of(["a", "b"], 1), item_of(["c", "d"], 1)])
    assert batch["phrases"] == [["a", "b"], ["c", "d"]]


def test_images_become_one_plain_tensor():
    batch = collate_grounding([item_of([], 1), item_of([], 2)])
    assert type(batch["image"]) is torch.Tensor
    assert batch["image"][:, 0, 0, 0].tolist() == [1, 2]
    assert (batch["modality"].tolist(), batch["valid_region"].shape) == ([2, 2], (2, 4))
    assert batch["whole_image"].shape == (2, 4)


def test_samples_of_one_image_count_as_images():
    assert len(collate_grounding([[item_of([], 1), item_of([], 2)], item_of([], 3)])["targets"]) == 3


def test_images_of_two_sizes_are_refused():
    with pytest.raises(DataError, match=r"images of one size in a batch, got \[\(3, 6, 6\), \(3, 8, 8\)\]"):
        collate_grounding([item_of([], 0), item_of([], 0, size=6)])
