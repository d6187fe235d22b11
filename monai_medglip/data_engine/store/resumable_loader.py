# SPDX-License-Identifier: Apache-2.0
"""A `DataLoader` that counts the batches it gave, so that a training stopped in an epoch goes on with the next one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch.utils.data import DataLoader

from monai_medglip.data_engine.store.balanced_sampler import BalancedSampler
from monai_medglip.data_engine.store.grounding_stream import GroundingStream
from monai_medglip.errors import ConfigurationError

__all__ = ["ResumableLoader"]


class ResumableLoader:
    """Gives a loader's batches, one epoch at each iteration; the count is of batches given, not of those read ahead.

    It is an object for MONAI's `CheckpointSaver`: ``{"loader": loader}``.

    Args:
        loader: over a `GroundingStream`, or with a `BalancedSampler` as its ``batch_sampler``.

    Raises:
        ConfigurationError: when it is over neither.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        sources = (loader.dataset, loader.batch_sampler)
        found = [source for source in sources if isinstance(source, (GroundingStream, BalancedSampler))]
        if not found:
            raise ConfigurationError(
                "expected a loader over a GroundingStream or with a BalancedSampler as batch_sampler, got one over "
                f"{type(loader.dataset).__name__} with {type(loader.batch_sampler).__name__}"
            )
        self.epoch = 0
        self.batch = 0
        self._loader = loader
        self._start = found[0].start

    def __len__(self) -> int:
        """The batches of a whole epoch."""
        return len(self._loader)

    def __iter__(self) -> Iterator[Any]:
        """Give the batches that are left of the epoch, and then turn to the next epoch."""
        self._start.move(self.epoch, self.batch)
        for batch in self._loader:
            self.batch += 1
            yield batch
        self.epoch, self.batch = self.epoch + 1, 0

    def state_dict(self) -> dict[str, int]:
        """Give the place behind the last batch that was given."""
        return {"epoch": self.epoch, "batch": self.batch}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on behind the batch at which `state_dict` was called.

        Raises:
            ConfigurationError: when the state is none of this loader.
        """
        epoch, batch = state.get("epoch", -1), state.get("batch", -1)
        if epoch < 0 or not 0 <= batch <= len(self):
            raise ConfigurationError(f"expected an epoch and one of {len(self)} batches, got {dict(state)}")
        self.epoch, self.batch = epoch, batch
