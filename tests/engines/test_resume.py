# SPDX-License-Identifier: Apache-2.0
"""A run that was killed goes on as though it had never stopped: same losses, same weights, bit for bit."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from tests.engines.killed_run import SETTINGS
from tests.phantoms import PhantomFolder, blocks
from tests.tiny_networks import tiny_network

KILLED_AT = 7  # in the first step of the third epoch of three steps
LABELS = [{"value": 1, "label": "heart"}, {"value": 2, "label": "polyp", "instances": "components"}]

pytestmark = pytest.mark.slow


def write_data(folder):
    folder.mkdir()
    data = PhantomFolder(folder, LABELS, facts={})
    for number, split in enumerate(["train"] * 4 + ["val"] * 2):
        shown = blocks((60, 40), (1, np.s_[5 + number : 30, 8:30]), (2, np.s_[40:50, 10 + number : 20 + number]))
        data.add_labelmap(f"{split}{number}", shown, split=split)


@pytest.fixture(scope="module")
def folder(repository, tiny_text_encoder, tmp_path_factory):
    """The run ``stopped``, killed and resumed by another process, and the run ``straight`` through."""
    folder = tmp_path_factory.mktemp("runs")
    write_data(folder / "data")
    shutil.copytree(tiny_text_encoder, folder / "text_encoder")
    config = repository / "bundles" / "medglip_2d" / "configs" / "train.json"
    words = [sys.executable, "-m", "tests.engines.killed_run", str(config), str(folder)]
    outcomes = [
        subprocess.run([*words, *runs], cwd=repository, capture_output=True, text=True, check=False)
        for runs in ([f"stopped:{KILLED_AT}"], ["stopped", "straight"])
    ]
    assert [outcome.returncode for outcome in outcomes] == [-signal.SIGKILL, 0], outcomes[-1].stderr[-3000:]
    return folder


def losses_of(folder, run):
    """(iteration, exact loss) in the order of the file."""
    return [tuple(line.split()) for line in (folder / run / "losses.txt").read_text().splitlines()]


def test_the_killed_run_started_again_after_its_last_whole_epoch(folder):
    iterations = [int(iteration) for iteration, _ in losses_of(folder, "stopped")]
    assert iterations == [*range(1, KILLED_AT + 1), *range(7, 10)]


def test_every_loss_is_that_of_the_uninterrupted_run(folder):
    straight = dict(losses_of(folder, "straight"))
    assert list(map(int, straight)) == list(range(1, 10))
    assert len(set(straight.values())) == 9
    assert all(straight[iteration] == loss for iteration, loss in losses_of(folder, "stopped"))


@pytest.mark.parametrize("part", ["network", "ema", "optimizer", "lr_scheduler", "trainer", "random_state"])
def test_every_state_is_that_of_the_uninterrupted_run(folder, part):
    name = f"checkpoint_epoch={SETTINGS['max_epochs']}.pt"
    stopped, straight = (torch.load(folder / run / name, weights_only=True)[part] for run in ("stopped", "straight"))
    assert_equal(stopped, straight)


def test_the_average_differs_from_the_network_and_both_moved(folder, tiny_text_encoder):
    state = torch.load(folder / "straight" / f"checkpoint_epoch={SETTINGS['max_epochs']}.pt", weights_only=True)
    key = "head.align_phrase.weight"
    weights = [state["network"][key], state["ema"][key], tiny_network(tiny_text_encoder).state_dict()[key]]
    assert not any(torch.equal(weights[i], weights[i - 1]) for i in range(3))


def test_the_best_weights_are_those_of_the_average(folder):
    best = torch.load(folder / "stopped" / "model.pt", weights_only=True)
    assert all(isinstance(value, torch.Tensor) for value in best.values())
    assert_equal(best, torch.load(folder / "straight" / "model.pt", weights_only=True))


def assert_equal(first, second):
    if isinstance(first, torch.Tensor):
        assert torch.equal(first, second)
    elif isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            assert_equal(first[key], second[key])
    elif isinstance(first, list | tuple):
        for one, other in zip(first, second, strict=True):
            assert_equal(one, other)
    else:
        assert first == second
