# SPDX-License-Identifier: Apache-2.0
"""A network learns a picture by heart through MONAI's trainer: all parts of training at once."""

from __future__ import annotations

import pytest
import torch
from ignite.engine import Events
from monai.engines import SupervisedTrainer

from monai_medglip.engines import (
    AutocastInferer,
    GradientClippingHandler,
    parameter_groups,
    prepare_grounding_batch,
)
from monai_medglip.geometry.overlap import pairwise_iou
from monai_medglip.inference import select_candidates
from monai_medglip.losses import MedGLIPLoss
from tests.engines.batches import shapes_batch
from tests.tiny_networks import tiny_network

STEPS = 80


@pytest.fixture(scope="module")
def learned(tiny_text_encoder):
    """The network, the loss of each step, and the answer afterwards."""
    network, losses, batch = tiny_network(tiny_text_encoder), [], shapes_batch()
    groups = parameter_groups(network, learning_rate=5e-3, encoder_learning_rate=5e-3, weight_decay=0.01)
    trainer = SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=[batch] * STEPS,
        network=network,
        optimizer=torch.optim.AdamW(groups),
        loss_function=MedGLIPLoss(),
        inferer=AutocastInferer("float32"),
        prepare_batch=prepare_grounding_batch,
        train_handlers=[GradientClippingHandler(network.parameters())],
        decollate=False,
    )
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda e: losses.append(e.state.output["loss"].item()))
    torch.manual_seed(0)
    trainer.run()
    with torch.no_grad():
        answer = network.eval()(batch["image"], batch["phrases"], batch["modality"], batch["whole_image"])
    return losses, answer, batch


def test_the_loss_falls_to_a_fraction(learned):
    losses, _, _ = learned
    assert len(losses) == STEPS
    assert sum(losses[-5:]) < 0.3 * sum(losses[:5])


def test_the_best_box_of_each_phrase_is_the_truth(learned):
    _, answer, batch = learned
    found = next(select_candidates(answer, batch["valid_region"]))
    for phrase, truth in enumerate(batch["targets"][0]["boxes"]):
        best = found.boxes[found.phrase == phrase][:1]
        assert pairwise_iou(best, truth[None]).item() > 0.5


def test_what_is_not_there_scores_low_and_is_said_to_be_absent(learned):
    _, answer, batch = learned
    found = next(select_candidates(answer, batch["valid_region"]))
    best = [float(found.scores[found.phrase == phrase].max()) for phrase in range(3)]
    assert min(best[:2]) > 2 * best[2]
    presence = answer["presence"].sigmoid()[0]
    assert presence[:2].min() > 0.5 > presence[2]


def test_masks_cover_what_is_named_and_little_else(learned):
    _, answer, batch = learned
    truth = batch["targets"][0]["masks"][:2] > 0.5
    drawn = answer["masks"][0, :2] > 0
    overlap = (truth & drawn).sum((1, 2)) / (truth | drawn).sum((1, 2))
    assert overlap.min() > 0.5


def test_the_modality_is_recognized(learned):
    _, answer, batch = learned
    assert answer["modality"].argmax(1).tolist() == batch["modality"].tolist()
