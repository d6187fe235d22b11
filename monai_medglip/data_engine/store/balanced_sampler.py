# SPDX-License-Identifier: Apache-2.0
"""The batches of an `EpochOrder` for torch's `DataLoader` over a data set that is read by position."""

from __future__ import annotations

from collections.abc import Iterator

from torch.utils.data import Sampler

from monai_medglip.data_engine.store.epoch_order import EpochOrder
from monai_medglip.data_engine.store.epoch_start import EpochStart

__all__ = ["BalancedSampler"]


class BalancedSampler(Sampler[list[int]]):
    """Gives one process its batches of positions, from the place where it was left.

    Args:
        order: in which order images are drawn.
        process: which of the order's processes this is.

    Example::

        order = EpochOrder(DrawnImages.of(records), batch_size=12, processes=2)
        sampler = BalancedSampler(order, process=rank)
        loader = ResumableLoader(DataLoader(dataset, batch_sampler=sampler, num_workers=2))
    """

    def __init__(self, order: EpochOrder, *, process: int = 0) -> None:
        self.start = EpochStart()
        self._order = order
        self._process = process

    def __len__(self) -> int:
        """The batches of a whole epoch."""
        return self._order.batch_count(self._process)

    def __iter__(self) -> Iterator[list[int]]:
        """Give the batches that are left of the epoch."""
        for batch in self._order.batches(self.start.epoch, self._process, self.start.batch):
            yield batch.tolist()
