# SPDX-License-Identifier: Apache-2.0
"""Bytes out of shards by their place; each shard is opened once and mapped, what the bytes mean is not known here."""

from __future__ import annotations

import mmap
from collections import OrderedDict
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.store.shard_format import shard_name

__all__ = ["ShardReader"]

_OPEN_SHARDS = 256
"""Shards that stay mapped; each costs addresses and, until it is looked at, no memory."""


class ShardReader:
    """The tar files of a folder; it may be pickled and forked.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[int, mmap.mmap] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        """Leave the mapped files behind."""
        return {**self.__dict__, "_open": OrderedDict()}

    def bytes(self, shard: int, at: int, size: int) -> bytes:
        """Give ``size`` bytes of a shard from ``at`` on."""
        if shard not in self._open:
            with (self._folder / shard_name(shard)).open("rb") as file:
                self._open[shard] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            if len(self._open) > _OPEN_SHARDS:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(shard)
        return self._open[shard][at : at + size]
