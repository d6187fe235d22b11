# SPDX-License-Identifier: Apache-2.0
"""One set of normalization statistics in all processes of a distributed run while they validate."""

from __future__ import annotations

import torch
from ignite.engine import Engine, Events
from torch import nn

__all__ = ["SameBuffersHandler"]


class SameBuffersHandler:
    """Gives the buffers of a network the values of the first process when an engine starts.

    Distributed training averages gradients, but each process follows the running mean and variance of its own images.
    A score that is gathered over processes must be that of one network: the one that the first process saves.

    Args:
        network: what the engine evaluates, such as the averaged network of an EMA.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network

    def attach(self, engine: Engine) -> None:
        """Act when ``engine`` starts."""
        engine.add_event_handler(Events.STARTED, self._share)

    def _share(self) -> None:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            for buffer in self.network.buffers():
                torch.distributed.broadcast(buffer, src=0)
