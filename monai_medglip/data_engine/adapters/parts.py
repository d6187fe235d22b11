# SPDX-License-Identifier: Apache-2.0
"""A data set whose parts are laid out in different ways, such as its training and test images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.adapters.adapter import Adapter
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import DataError

__all__ = ["Parts"]


@dataclass(frozen=True)
class Parts:
    """Several layouts below one folder.

    Args:
        parts: the adapter of each; in a card, the layout of each.
    """

    parts: tuple[Adapter, ...]

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images of each part in turn, see `Adapter`.

        Raises:
            DataError: when two parts have an image of the same id.
        """
        images: dict[str, Path] = {}
        for part in self.parts:
            for item in part.items(root):
                if images.setdefault(item.id, item.image) is not item.image:
                    raise DataError(
                        f"{item.image}: expected every id once, {item.id!r} is also that of {images[item.id]}; give "
                        "the parts an 'id' that tells them apart"
                    )
                yield item
