# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import torch
from monai.data import MetaTensor

from monai_medglip.engines import prepare_grounding_batch
from tests.engines.batches import batch_of
from tests.losses.loss_phantoms import target_of

BOX = (0, (4.0, 4.0, 20.0, 20.0))


def prepared(**changes):
    batch = {**batch_of(target_of(boxes=[BOX]), target_of(presence=(0.0, 1.0))), **changes}
    return batch, prepare_grounding_batch(batch, "cpu")


def test_the_network_gets_the_image_and_what_is_asked_of_it():
    batch, (image, _, positional, named) = prepared()
    assert torch.equal(image, batch["image"])
    assert positional == ()
    assert named["phrases"] is batch["phrases"]
    assert torch.equal(named["modality"], batch["modality"])
    assert torch.equal(named["whole_image"], batch["whole_image"])
    assert set(named) == {"phrases", "modality", "whole_image"}


def test_the_loss_gets_the_targets_with_the_modality_of_each_image():
    batch, (_, targets, _, _) = prepared()
    assert [target["modality"].item() for target in targets] == batch["modality"].tolist()
    assert torch.equal(targets[0]["boxes"], batch["targets"][0]["boxes"])
    assert "modality" not in batch["targets"][0]  # the batch itself stays as it was


def test_a_metatensor_enters_as_a_plain_tensor():
    _, (image, _, _, _) = prepared(image=MetaTensor(torch.ones(2, 3, 8, 8)))
    assert type(image) is torch.Tensor


def test_every_tensor_moves_to_the_device():
    batch = batch_of(target_of(boxes=[BOX]))
    image, targets, _, named = prepare_grounding_batch(batch, torch.device("meta"), non_blocking=True)
    moved = [image, named["modality"], named["whole_image"], *targets[0].values()]
    assert {tensor.device.type for tensor in moved} == {"meta"}
