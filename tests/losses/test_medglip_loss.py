# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import pytest
import torch

from monai_medglip.imaging import Modality
from monai_medglip.losses import LossWeights, MedGLIPLoss
from tests.losses.loss_phantoms import prediction_of, target_of
from tests.tiny_networks import noise, phrases_of, tiny_network

BOX = (16.0, 16.0, 48.0, 48.0)
LEARNED = ("alignment", "quality", "boxes", "masks", "presence", "modality")


def gradients(prediction, targets, loss=None):
    """Gradient of the loss with respect to each part of the prediction."""
    value = (loss or MedGLIPLoss())(prediction, targets)
    assert value.isfinite()
    value.backward()
    assert all(bool(prediction[name].grad.isfinite().all()) for name in LEARNED)
    return {name: prediction[name].grad for name in LEARNED}


def test_the_loss_is_the_weighted_sum_of_its_parts():
    weights = {"alignment": 2.0, "box": 3.0, "quality": 0.0, "dice": 0.5, "mask": 1.0, "projection": 6.0}
    weights |= {"presence": 4.0, "modality": 5.0}
    loss = MedGLIPLoss(weights)
    value = loss(prediction_of(), [target_of(boxes=[(0, BOX)])])
    assert set(loss.last_parts) == set(weights)
    assert value.item() == pytest.approx(sum(weight * loss.last_parts[name] for name, weight in weights.items()))


def test_weights_may_be_an_object_and_an_unknown_name_is_refused():
    assert MedGLIPLoss(LossWeights(box=7.0)).weights.box == 7.0
    with pytest.raises(TypeError, match="contrast"):
        MedGLIPLoss({"contrast": 1.0})


def test_what_an_untrained_network_pays_is_known_by_hand():
    loss = MedGLIPLoss()
    loss(prediction_of(), [target_of(boxes=[(0, BOX)])])
    assert loss.last_parts["presence"] == pytest.approx(math.log(2))
    assert loss.last_parts["modality"] == pytest.approx(math.log(10))
    assert loss.last_parts["mask"] == pytest.approx(10 * 0.25 * math.log(2))
    # masks of probability 0.5 everywhere: 1 - 2 * (256 * 0.5) / (256 + 1024 * 0.25)
    assert loss.last_parts["dice"] == pytest.approx(0.5, abs=1e-4)


def test_a_perfect_answer_costs_next_to_nothing():
    target = target_of(presence=(1.0, 0.0), boxes=[(0, BOX)])
    prediction = {name: value.detach() for name, value in prediction_of(phrases=2, alignment=-20.0).items()}
    prediction["boxes"][:, 0] = torch.tensor(BOX)
    prediction["quality"][:] = 20.0
    prediction["alignment"][0, 0, 27] = 20.0  # the point at (28, 28)
    prediction["masks"][0] = 40 * target["masks"] - 20
    prediction["presence"][0] = torch.tensor([20.0, -20.0])
    prediction["modality"][0, Modality.CT.index] = 20.0
    assert MedGLIPLoss(top=1)(prediction, [target]).item() < 1e-3


def test_better_answers_cost_less_in_every_part_but_the_one_whose_aim_rises_with_them():
    target, loss = target_of(boxes=[(0, BOX)]), MedGLIPLoss()
    loss(prediction_of(), [target])
    untrained = loss.last_parts
    better = {name: value.detach() for name, value in prediction_of().items()}
    better["boxes"] = 0.5 * better["boxes"] + 0.5 * torch.tensor(BOX)
    better["alignment"][0, 0, 27] += 1
    better["quality"] += 0.2
    better["masks"][0] += 2 * target["masks"] - 1
    better["presence"] += 1
    better["modality"][0, Modality.CT.index] += 1
    loss(better, [target])
    assert all(loss.last_parts[name] < untrained[name] for name in untrained if name != "alignment")


def test_the_background_of_a_present_and_of_an_absent_phrase_learns_to_be_quiet():
    found = gradients(prediction_of(phrases=2), [target_of(presence=(1.0, 0.0), boxes=[(0, BOX)])])
    assert (found["alignment"][0, 1] > 0).all()
    assert found["alignment"][0, 0, 0] > 0  # the corner
    assert found["alignment"][0, 0, 27] < 0  # the middle
    assert found["presence"][0, 0] < 0 < found["presence"][0, 1]


def test_an_unknown_phrase_teaches_nothing():
    target = target_of(presence=(1.0, -1.0), boxes=[(0, BOX)])
    target["mask_known"][1] = False
    found = gradients(prediction_of(phrases=2), [target])
    assert all(not found[name][0, 1].any() for name in ("alignment", "quality", "boxes", "masks", "presence"))


def test_padding_beyond_an_images_phrases_teaches_nothing():
    targets = [target_of(presence=(0.0,)), target_of(presence=(0.0, 0.0))]
    found = gradients(prediction_of(images=2, phrases=2), targets)
    assert not found["alignment"][0, 1].any()
    assert found["alignment"][1, 1].any()
    assert not found["presence"][0, 1].any()


def test_ignored_regions_teach_nothing_unless_a_truth_lies_there():
    corner = (0.0, 0.0, 16.0, 16.0)
    prediction = prediction_of(phrases=2)
    found = gradients(prediction, [target_of(presence=(0.0, 0.0), ignore=[(0, corner)])])["alignment"][0]
    inside = ((prediction["points"] >= 0) & (prediction["points"] < 16)).all(1)
    assert inside.sum() == 4 + 1
    assert not found[0, inside].any()
    assert (found[0, ~inside] > 0).all()
    assert (found[1] > 0).all()
    over = gradients(prediction_of(), [target_of(boxes=[(0, BOX)], ignore=[(0, BOX)])])["alignment"]
    assert over[0, 0, 27] < 0


def test_a_source_that_leaves_things_out_weighs_its_background_less():
    half = target_of(presence=(0.0,))
    half["background_weight"][:] = 0.5
    full = gradients(prediction_of(), [target_of(presence=(0.0,))])["alignment"]
    torch.testing.assert_close(gradients(prediction_of(), [half])["alignment"], full / 2)


def test_masks_that_are_not_known_teach_nothing():
    found = gradients(prediction_of(), [target_of(boxes=[(0, BOX)], masks_known=False)])
    assert not found["masks"].any()
    assert found["boxes"].any()


def test_a_modality_that_is_not_known_teaches_nothing():
    targets = [target_of(presence=(0.0,)), target_of(presence=(0.0,), modality=Modality.UNKNOWN)]
    found = gradients(prediction_of(images=2), targets)["modality"]
    assert found[0, Modality.CT.index] < 0
    assert not found[1].any()


def test_coarser_masks_are_compared_with_coarser_truth():
    fine, coarse = prediction_of(), prediction_of()
    coarse["masks"] = torch.zeros(1, 1, 16, 16, requires_grad=True)
    losses = [MedGLIPLoss(), MedGLIPLoss()]
    for loss, prediction in zip(losses, (fine, coarse), strict=True):
        loss(prediction, [target_of(boxes=[(0, BOX)])])
    assert losses[1].last_parts["mask"] == pytest.approx(losses[0].last_parts["mask"])
    assert losses[1].last_parts["dice"] == pytest.approx(losses[0].last_parts["dice"], abs=1e-4)


@pytest.mark.parametrize(
    "boxes",
    [
        [(0, (31.0, 31.0, 32.0, 32.0))],
        [(0, (0.0, 0.0, 64.0, 64.0))],
        [(0, BOX), (0, BOX)],
        [(0, (i % 60, i // 60, i % 60 + 3.0, i // 60 + 3.0)) for i in range(500)],
    ],
    ids=["one pixel", "whole image", "twice the same", "five hundred"],
)
def test_boxes_of_any_kind_train_through(boxes):
    assert gradients(prediction_of(), [target_of(boxes=boxes)])["boxes"].any()


@pytest.fixture(scope="module")
def network(tiny_text_encoder):
    return tiny_network(tiny_text_encoder)


@pytest.mark.parametrize(
    "targets",
    [
        [target_of(presence=()), target_of(presence=())],
        [target_of(presence=(0.0, 0.0)), target_of(presence=())],
        [target_of(presence=(-1.0,), masks_known=False), target_of(presence=(-1.0,), masks_known=False)],
        [target_of(boxes=[(0, BOX)], masks_known=False), target_of(boxes=[(0, BOX)], modality=Modality.MR)],
        [target_of(boxes=[(0, BOX)], masks_known=False, modality=Modality.UNKNOWN)] * 2,
    ],
    ids=["no phrase", "one image without", "all unknown", "mixed modalities", "boxes alone"],
)
def test_every_parameter_has_a_finite_gradient_whatever_the_batch_holds(network, targets):
    network.zero_grad()
    asked = [phrases_of(*"abc"[: len(target["presence"])]) for target in targets]
    MedGLIPLoss()(network(noise(2), asked), targets).backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_a_step_in_a_volume_lowers_the_loss(tiny_text_encoder):
    volume = tiny_network(tiny_text_encoder, spatial_dims=3)
    image, canvas = noise(1, 32, 32, 32), (32, 32, 32)
    target = target_of(boxes=[(0, (4.0, 4, 8, 20, 20, 24))], presence=(1.0, 0.0), canvas=canvas)
    optimizer, loss, values = torch.optim.Adam(volume.parameters(), lr=1e-3), MedGLIPLoss(), []
    for _ in range(4):
        value = loss(volume(image, [phrases_of("organ", "device")]), [target])
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert all(parameter.grad is not None for parameter in volume.parameters())
    assert values[-1] < values[0]
