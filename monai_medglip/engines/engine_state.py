# SPDX-License-Identifier: Apache-2.0
"""An engine's progress as a checkpoint entry that a configuration can name before the engine exists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ignite.engine import Engine

from monai_medglip.errors import ConfigurationError

__all__ = ["EngineState"]


class EngineState:
    """Has the state of the engine that it is attached to.

    In a bundle's configuration the trainer's handlers cannot refer to the trainer that refers to them. This object is
    both a handler of the trainer and an entry of what the checkpoint handlers save and load.
    """

    def __init__(self) -> None:
        self._engine: Engine | None = None

    def attach(self, engine: Engine) -> None:
        """Stand for ``engine`` from now on."""
        self._engine = engine

    def state_dict(self) -> Mapping[str, Any]:
        """Give the engine's state."""
        return self._attached().state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the engine's state."""
        self._attached().load_state_dict(state)

    def _attached(self) -> Engine:
        if self._engine is None:
            raise ConfigurationError("expected EngineState among the handlers of a trainer; add it to train_handlers")
        return self._engine
