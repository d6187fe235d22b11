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
        return {"loss": float(output["loss"]), **self.loss.last_parts}


class DataWaitHandler:
    """Measures how much of the training time is spent waiting for data, and the time per image.

    The figures are in ``engine.state.data_wait`` (share in [0, 1]) and ``engine.state.seconds_per_image`` after each
    epoch, and in the log.
    """

    def __init__(self) -> None:
        self._started = self._asked = self._waited = 0.0
        self._images = 0

    def attach(self, engine: Engine) -> None:
        """Measure ``engine``."""
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.GET_BATCH_STARTED, self._ask)
        engine.add_event_handler(Events.GET_BATCH_COMPLETED, self._receive)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._count)
        # first of the epoch's last handlers, so that validation is not counted as training
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._report)

    def _start(self, engine: Engine) -> None:
        self._started, self._waited, self._images = time.perf_counter(), 0.0, 0

    def _ask(self, engine: Engine) -> None:
        self._asked = time.perf_counter()

    def _receive(self, engine: Engine) -> None:
        self._waited += time.perf_counter() - self._asked

    def _count(self, engine: Engine) -> None:
        self._images += len(engine.state.output["image"])  # type: ignore[index,call-overload]

    def _report(self, engine: Engine) -> None:
        length = engine.state.epoch_length or 1
        if engine.state.iteration % length:
            return
        spent = time.perf_counter() - self._started
        engine.state.data_wait = self._waited / spent
        engine.state.seconds_per_image = spent / max(self._images, 1)
        logger.info(
            "epoch %d: %.1f ms per image, %.1f %% of the time waiting for data",
            engine.state.epoch, 1000 * engine.state.seconds_per_image, 100 * engine.state.data_wait,
        )  # fmt: skip
