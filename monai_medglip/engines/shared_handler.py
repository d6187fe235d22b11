# SPDX-License-Identifier: Apache-2.0
"""A handler that a configuration names in more than one place."""

from __future__ import annotations

from typing import Any, Protocol

from ignite.engine import Engine

__all__ = ["SharedHandler"]


class _Attachable(Protocol):
    def attach(self, engine: Engine) -> Any: ...


class SharedHandler:
    """Attaches a handler that is defined elsewhere.

    A bare ``"@name"`` in a list of handlers works as well, but MONAI's check of a bundle's properties only reads lists
    whose entries all have a ``_target_``.

    Args:
        handler: the handler, e.g. an EMA whose averaged network the configuration also refers to.
    """

    def __init__(self, handler: _Attachable) -> None:
        self.handler = handler

    def attach(self, engine: Engine) -> None:
        """Attach the handler to ``engine``."""
        self.handler.attach(engine)
