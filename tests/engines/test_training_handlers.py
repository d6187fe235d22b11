# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging

import pytest
import torch
from ignite.engine import Engine
from monai.engines import SupervisedTrainer
from torch import nn

from monai_medglip.engines import DataWaitHandler, GradientClippingHandler, ProgressHandler, training_handlers
from monai_medglip.losses import MedGLIPLoss


def step_of(handlers, steepness):
    """How far one step of plain gradient descent moves a network on a slope."""
    network = nn.Linear(4, 1, bias=False)
    before = network.weight.detach().clone()
    SupervisedTrainer(
        device=torch.device("cpu"),
        max_epochs=1,
        train_data_loader=[{"image": torch.ones(2, 4), "label": torch.zeros(2, 1)}],
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), lr=1.0),
        loss_function=lambda output, label: steepness * output.mean(),
        train_handlers=handlers(network),
        decollate=False,
    ).run()
    return (network.weight.detach() - before).norm().item()


def clipped(network):
    return [GradientClippingHandler(network.parameters(), max_norm=5.0)]


def test_a_steep_slope_is_walked_at_the_largest_norm():
    assert step_of(lambda network: [], 1000.0) == pytest.approx(2000.0, rel=1e-4)
    assert step_of(clipped, 1000.0) == pytest.approx(5.0, rel=1e-4)


def test_a_gentle_slope_is_walked_as_it_is():
    assert step_of(clipped, 1.0) == pytest.approx(2.0, rel=1e-4)


@pytest.fixture
def clock(monkeypatch):
    """A clock that only runs when it is told to."""

    class Clock:
        now = 100.0

        def perf_counter(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(training_handlers, "time", clock)
    return clock


def train(clock, *, load, compute, epochs=1):
    """Run two batches of three images with these seconds for each."""

    class Loader:
        def __len__(self):
            return 2

        def __iter__(self):
            for _ in range(2):
                clock.now += load
                yield torch.zeros(3, 1)

    def step(engine, batch):
        clock.now += compute
        return {"image": batch}

    handler, engine = DataWaitHandler(), Engine(step)
    handler.attach(engine)
    engine.run(Loader(), max_epochs=epochs)
    return handler


@pytest.mark.parametrize(("load", "compute", "share"), [(0.9, 0.1, 0.9), (0.0, 1.0, 0.0), (0.25, 0.75, 0.25)])
def test_the_share_of_waiting_is_measured(clock, load, compute, share):
    handler = train(clock, load=load, compute=compute)
    assert handler.waiting_share == pytest.approx(share)
    assert handler.seconds_per_image == pytest.approx(2 / 6)


def test_every_epoch_is_measured_by_itself_and_logged(clock, caplog):
    with caplog.at_level(logging.INFO, logger=training_handlers.__name__):
        train(clock, load=0.5, compute=1.0, epochs=3)
    own = [record for record in caplog.records if record.name == training_handlers.__name__]
    assert [record.getMessage() for record in own] == [
        f"epoch {epoch}: 500.0 ms per image, 33.3 % of the time waiting for data" for epoch in (1, 2, 3)
    ]


def test_the_progress_bar_shows_the_loss_and_its_parts(capsys):
    loss = MedGLIPLoss()
    loss.last_parts = {"box": 0.25}
    engine = Engine(lambda engine, batch: {"loss": torch.tensor(1.5, requires_grad=True)})
    ProgressHandler(loss).attach(engine)
    engine.run([0, 1], max_epochs=1)
    shown = capsys.readouterr().err
    assert "loss=1.5" in shown
    assert "box=0.25" in shown
