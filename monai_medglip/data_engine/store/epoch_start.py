# SPDX-License-Identifier: Apache-2.0
"""From where in an epoch the next reading goes on, told to workers that may outlive an epoch."""

from __future__ import annotations

import torch

__all__ = ["EpochStart"]


class EpochStart:
    """An epoch and one of its batches, in memory that worker processes share.

    It is moved before workers are told to begin, never while they read, or some would begin elsewhere.
    """

    def __init__(self) -> None:
        self._values: torch.Tensor = torch.zeros(2, dtype=torch.int64)
        self._values.share_memory_()  # type: ignore[no-untyped-call]

    @property
    def epoch(self) -> int:
        """The number of the epoch, from 0."""
        return int(self._values[0])

    @property
    def batch(self) -> int:
        """The number of the batch in it, from 0."""
        return int(self._values[1])

    def move(self, epoch: int, batch: int) -> None:
        """Go on from there next time."""
        self._values[0], self._values[1] = epoch, batch
