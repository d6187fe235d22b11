# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from monai_medglip.engines import RandomState


def draw():
    """Numbers from all generators; the normal one leaves a second number behind in numpy."""
    return torch.rand(3).tolist(), np.random.standard_normal(3).tolist(), [random.gauss(0, 1) for _ in range(3)]


@pytest.fixture(autouse=True)
def _leave_the_generators_alone():
    before = RandomState().state_dict()
    yield
    RandomState().load_state_dict(before)


def test_what_was_drawn_after_saving_is_drawn_again_after_loading(tmp_path):
    draw()
    torch.save({"random_state": RandomState().state_dict()}, tmp_path / "checkpoint.pt")
    first = draw()
    draw()
    RandomState().load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True)["random_state"])
    assert draw() == first


def test_other_processes_go_on_with_numbers_of_their_own_and_the_same_ones_each_time(monkeypatch):
    state = RandomState().state_dict()
    drawn = []
    for rank in (0, 1, 2, 1):
        monkeypatch.setattr("ignite.distributed.get_rank", lambda rank=rank: rank)
        RandomState().load_state_dict(state)
        drawn.append(draw())
    first, second, third, again = drawn
    assert again == second
    for mine, others in ((first, second), (first, third), (second, third)):
        assert all(one != other for one, other in zip(mine, others, strict=True))


def test_generators_that_are_not_saved_would_differ():
    assert draw() != draw()


def test_a_state_from_a_machine_with_gpus_loads_on_one_without():
    state = RandomState().state_dict()
    state["cuda"] = [torch.zeros(16, dtype=torch.uint8)] * (torch.cuda.device_count() + 1)
    first = draw()
    RandomState().load_state_dict(state)
    assert draw() == first
