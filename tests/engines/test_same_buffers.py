# SPDX-License-Identifier: Apache-2.0
"""What two processes do stands in tests/bundles/test_multi_gpu.py."""

from __future__ import annotations

import pytest
import torch
from ignite.engine import Engine

from monai_medglip.engines import SameBuffersHandler


@pytest.fixture
def network():
    norm = torch.nn.BatchNorm2d(2)
    norm.running_mean.fill_(3.0)
    return norm


def run(network):
    engine = Engine(lambda engine, batch: None)
    SameBuffersHandler(network).attach(engine)
    engine.run([0])


def test_one_process_keeps_its_buffers(network):
    run(network)
    assert network.running_mean.tolist() == [3.0, 3.0]


def test_the_first_process_sends_every_buffer(network, monkeypatch):
    sent = []
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "broadcast", lambda buffer, src: sent.append((buffer.shape, src)))
    run(network)
    assert sent == [(torch.Size([2]), 0), (torch.Size([2]), 0), (torch.Size([]), 0)]
