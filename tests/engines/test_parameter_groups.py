# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.engines import parameter_groups
from tests.tiny_networks import tiny_network


@pytest.fixture(scope="module")
def network(tiny_text_encoder):
    network = tiny_network(tiny_text_encoder)
    network.image_encoder.encoders[0].steps[0].requires_grad_(False)
    return network


@pytest.fixture(scope="module")
def settings(network):
    """(learning rate, decay) of each parameter by name."""
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    groups = parameter_groups(network, learning_rate=1.0, encoder_learning_rate=0.1, weight_decay=0.05)
    rows = [(names[id(p)], (group["lr"], group["weight_decay"])) for group in groups for p in group["params"]]
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_every_trained_parameter_is_in_one_group_and_no_frozen_one(network, settings):
    assert set(settings) == {name for name, p in network.named_parameters() if p.requires_grad}
    assert not [name for name in settings if name.startswith("image_encoder.encoders.0.steps.0.")]


def test_only_the_image_encoder_learns_at_its_own_rate(settings):
    assert {name.split(".")[0] for name, (rate, _) in settings.items() if rate == 0.1} == {"image_encoder"}
    assert not [name for name, (rate, _) in settings.items() if rate == 1.0 and name.startswith("image_encoder.")]


@pytest.mark.parametrize(
    ("name", "decay"),
    [
        ("head.align_phrase.weight", 0.05),
        ("image_encoder.encoders.0.steps.1.weight", 0.05),
        ("head.align_phrase.bias", 0.0),
        ("phrase_projection.norm.weight", 0.0),
        ("head.presence_peak", 0.0),
        ("neck.modulations.8.scale.weight", 0.0),
    ],
)
def test_matrices_decay_and_vectors_do_not(settings, name, decay):
    assert settings[name][1] == decay
