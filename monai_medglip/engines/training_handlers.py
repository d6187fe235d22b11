# SPDX-License-Identifier: Apache-2.0
"""Small ignite handlers that MONAI has no word for: gradient clipping, a progress bar with losses, data waiting."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

import torch
from ignite.engine import Engine, Events
from ignite.handlers import ProgressBar
from monai.engines.utils import IterationEvents
from torch import Tensor

from monai_medglip.losses import MedGLIPLoss

__all__ = ["DataWaitHandler", "GradientClippingHandler", "ProgressHandler"]

logger = logging.getLogger(__name__)


class GradientClippingHandler:
    """Limits the norm of the gradient before each optimizer step.

    Args:
        parameters: the trained parameters.
        max_norm: the largest norm that is let through.
    """

    def __init__(self, parameters: Iterable[Tensor], max_norm: float = 5.0) -> None:
        self.parameters, self.max_norm = list(parameters), max_norm

    def attach(self, engine: Engine) -> None:
        """Act on ``engine`` after every backward pass."""
        engine.add_event_handler(IterationEvents.BACKWARD_COMPLETED, self._clip)

    def _clip(self, engine: Engine) -> None:
        torch.nn.utils.clip_grad_norm_(self.parameters, self.max_norm)


class ProgressHandler:
    """A progress bar with the loss, its parts and the time left of the epoch.

    Args:
        loss: the loss whose parts are shown.
    """

    def __init__(self, loss: MedGLIPLoss) -> None:
        self.loss = loss

    def attach(self, engine: Engine) -> None:
        """Show the progress of ``engine``."""
        bar = ProgressBar(desc="Epoch", mininterval=1.0)
        bar.attach(engine, output_transform=self._shown)

    def _shown(self, output: dict[str, Any]) -> dict[str, float]:
        return {"loss": output["loss"].item(), **self.loss.last_parts}


class DataWaitHandler:
    """Measures how much of the training time is spent waiting for data, and the time per image; logs it each epoch.

    Attributes:
        waiting_share: share of the last epoch's time spent waiting, [0, 1].
        seconds_per_image: of the last epoch, validation not counted.
    """

    def __init__(self) -> None:
        self.waiting_share = self.seconds_per_image = 0.0
        self._started = self._asked = self._waited = 0.0
        self._images = 0

    def attach(self, engine: Engine) -> None:
        """Measure ``engine``."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.GET_BATCH_STARTED, self._ask)
        engine.add_event_handler(Events.GET_BATCH_COMPLETED, self._receive)
        # at the last iteration, not at the epoch's end, where validation would count as training
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._count)

    def _start(self, engine: Engine) -> None:
        self._started, self._waited, self._images = time.perf_counter(), 0.0, 0

    def _ask(self, engine: Engine) -> None:
        self._asked = time.perf_counter()

    def _receive(self, engine: Engine) -> None:
        self._waited += time.perf_counter() - self._asked

    def _count(self, engine: Engine) -> None:
        state = engine.state
        self._images += len(state.output["image"])  # type: ignore[index]
        if state.iteration % (state.epoch_length or 1):
            return
        spent = time.perf_counter() - self._started
        self.waiting_share, self.seconds_per_image = self._waited / spent, spent / max(self._images, 1)
        figures = (state.epoch, 1000 * self.seconds_per_image, 100 * self.waiting_share)
        logger.info("epoch %d: %.1f ms per image, %.1f %% of the time waiting for data", *figures)
