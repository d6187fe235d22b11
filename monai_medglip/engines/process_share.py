# SPDX-License-Identifier: Apache-2.0
"""The share of a list that one process of a distributed run takes, so that each item is read, and cached, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import ignite.distributed as idist

from monai_medglip.errors import DataError

__all__ = ["process_share"]

Item = TypeVar("Item")


def process_share(items: Sequence[Item]) -> Sequence[Item]:
    """Give every n-th item from this process's rank on, of n processes; all of them where there is one process.

    A list that is ordered by source so spreads each source evenly. The shares differ in length by one where the
    number of items cannot be divided; none is repeated, so that a metric over all processes counts each item once.

    Args:
        items: the whole list, the same in every process.

    Raises:
        DataError: when there are fewer items than processes.

    Example:
        >>> process_share(["a", "b", "c"])
        ['a', 'b', 'c']
    """
    processes = idist.get_world_size()
    if len(items) < processes:
        raise DataError(f"expected at least one image per process, got {len(items)} for {processes}; start fewer")
    return items[idist.get_rank() :: processes]
