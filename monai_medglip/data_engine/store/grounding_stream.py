# SPDX-License-Identifier: Apache-2.0
"""Batches of training items in the order of an `EpochOrder`, read by worker processes without a list of positions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from torch.utils.data import IterableDataset, get_worker_info

from monai_medglip.data_engine.store.epoch_order import EpochOrder
from monai_medglip.data_engine.store.epoch_start import EpochStart

__all__ = ["GroundingStream"]


class GroundingStream(IterableDataset[list[Any]]):
    """Gives lists of items; each is a batch for the loader's ``collate_fn``.

    The workers take whole batches in turn, and a loader asks its workers in turn, so that the batches come in the same
    order with any number of workers.

    Args:
        items: what a position of the order stands for, such as `grounding_items` gives it.
        order: in which order images are drawn.
        transform: makes a training item; MONAI's loader seeds it in each worker.
        process: which of the order's processes this is.

    Example::

        shards = GroundingShards("built/shards")
        items = grounding_items(shards, "train")
        images = DrawnImages.of(items.records, shards=shards.shards_of(items.records))
        stream = GroundingStream(items, EpochOrder(images, batch_size=12), transform=preprocessing)
        loader = ResumableLoader(
            DataLoader(stream, batch_size=None, num_workers=2, collate_fn=collate_grounding)
        )
    """

    def __init__(
        self,
        items: Sequence[Any],
        order: EpochOrder,
        *,
        transform: Callable[[Any], Any] | None = None,
        process: int = 0,
    ) -> None:
        self.start = EpochStart()
        self.transform = transform
        self._items = items
        self._order = order
        self._process = process

    def __len__(self) -> int:
        """The batches of a whole epoch."""
        return self._order.batch_count(self._process)

    def __iter__(self) -> Iterator[list[Any]]:
        """Give this worker's part of the batches that are left of the epoch."""
        worker = get_worker_info()
        first, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        for batch in self._order.batches(self.start.epoch, self._process, self.start.batch)[first::step]:
            yield [self._item(position) for position in batch.tolist()]

    def _item(self, position: int) -> Any:
        item = self._items[position]
        return item if self.transform is None else self.transform(item)
