# SPDX-License-Identifier: Apache-2.0
"""What all readers of public data-set formats have in common."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from monai_medglip.data_engine.adapters.source_item import SourceItem

__all__ = ["Adapter"]


class Adapter(Protocol):
    """Knows one layout on disk; a card names it and sets its fields.

    Every adapter is a frozen dataclass whose fields are the words that a card may set under ``layout``. It lists what
    is there without reading pixels.
    """

    def items(self, root: Path) -> Iterator[SourceItem]:
        """Give the images of a data set, in an order that depends on names only.

        Args:
            root: the folder that the user downloaded; only what `pathlib.Path` and `upath.UPath` share is used.

        Raises:
            DataError: when the layout is not there; the message says what was expected and what was found.
        """
