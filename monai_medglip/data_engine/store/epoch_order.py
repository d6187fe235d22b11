# SPDX-License-Identifier: Apache-2.0
"""In which order an epoch's images are drawn: by shares of modalities and sources, in batches of even length.

The order is a function of the seed and the number of the epoch alone. It does not depend on how many workers read, and
processes take its batches in turn; so nothing is drawn twice, and any place in it can be come back to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.record import Record
from monai_medglip.data_engine.sampling_weights import group_shares
from monai_medglip.data_engine.store.stored_records import StoredRecords
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.modality import Modality

__all__ = ["DrawnImages", "EpochOrder"]

Integers = npt.NDArray[np.int64]

BATCHES_PER_WINDOW = 64
"""Batches among which images are dealt by their length; these keep their place in the order otherwise."""


@dataclass(frozen=True, eq=False)
class DrawnImages:
    """What the drawing must know of the images, by their position among the records.

    Args:
        groups: modality and source of each group.
        group_of: (N,) the group that each image is in.
        lengths: (N,) how much work each image is, in any unit, such as its regions; None where it does not matter.
        shards: (N,) the shard that each image lies in; None where any image is read as fast as the next one.
    """

    groups: tuple[tuple[Modality, str], ...]
    group_of: Integers
    lengths: Integers | None = None
    shards: Integers | None = None

    @classmethod
    def of(cls, records: Sequence[Record], *, shards: Integers | None = None) -> DrawnImages:
        """Look at records; those of a store are counted without being made, and their length is their regions.

        Args:
            records: the images.
            shards: (N,) the shard of each, see `GroundingShards.shards_of`.
        """
        if isinstance(records, StoredRecords):
            names = [records.column(name).combine_chunks().dictionary_encode() for name in ("modality", "source")]
            (modalities, modality_of), (sources, source_of) = [
                (name.dictionary.to_pylist(), name.indices.to_numpy()) for name in names
            ]
            codes, group_of = np.unique(modality_of.astype(np.int64) * len(sources) + source_of, return_inverse=True)
            groups = tuple((Modality(modalities[code // len(sources)]), sources[code % len(sources)]) for code in codes)
            return cls(groups, group_of, records.column("region_count").to_numpy().astype(np.int64), shards)
        groups = tuple(dict.fromkeys((record.modality, record.source) for record in records))
        numbers = {group: number for number, group in enumerate(groups)}
        group_of = np.fromiter((numbers[record.modality, record.source] for record in records), np.int64, len(records))
        return cls(groups, group_of, shards=shards)

    def __len__(self) -> int:
        return len(self.group_of)


class EpochOrder:
    """The batches of each epoch.

    Every image is drawn once, or, where `balanced`, each modality and source as often as its share says
    (`sampling_weights`): its images all once, or all twice, before one of them is drawn once more. Shares hold over the
    whole epoch and over every part of it.

    Args:
        images: what is drawn.
        batch_size: images of a batch.
        processes: training processes, which take the batches of a step side by side.
        balanced: draw by shares.
        factors: what to multiply a source's share with, when balanced.
        draws: images of an epoch, when balanced; None for as many as there are.
        shards_at_once: images are drawn from so many shards of a group at a time, where the images know their shard.
        drop_last: leave out the last images that do not make a full step, so that all processes have as many batches.
        seed: of chance.

    Raises:
        ConfigurationError: when a size is below 1, there are no images, or a factor is wrong.
    """

    def __init__(
        self,
        images: DrawnImages,
        *,
        batch_size: int,
        processes: int = 1,
        balanced: bool = True,
        factors: Mapping[str, float] | None = None,
        draws: int | None = None,
        shards_at_once: int = 8,
        drop_last: bool = True,
        seed: int = 0,
    ) -> None:
        sizes = {"batch_size": batch_size, "processes": processes, "shards_at_once": shards_at_once}
        for name, size in sizes.items():
            if size < 1:
                raise ConfigurationError(f"expected {name} of at least 1, got {size}")
        self.batch_size = batch_size
        self.processes = processes
        self._images = images
        self._members = [np.flatnonzero(images.group_of == group) for group in range(len(images.groups))]
        counts = [len(members) for members in self._members]
        wanted = draws if balanced and draws is not None else len(images)
        self._draws = _full_steps(wanted, batch_size * processes) if drop_last else wanted
        if balanced:
            shares = group_shares(dict(zip(images.groups, counts, strict=True)), factors or {})
            counts = _quotas([shares[group] for group in images.groups], self._draws)
        self._quotas = counts
        self._shards_at_once = shards_at_once
        self._seed = seed

    def __len__(self) -> int:
        """The batches of an epoch, of all processes together."""
        return -(-self._draws // self.batch_size)

    def batch_count(self, process: int) -> int:
        """Give the batches of an epoch of one process."""
        return len(range(process, len(self), self.processes))

    def positions(self, epoch: int) -> Integers:
        """Give the positions (draws,) of an epoch's images, batch after batch."""
        chance = np.random.default_rng([self._seed, epoch])
        drawn = [self._drawn(*group, chance) for group in zip(self._members, self._quotas, strict=True)]
        order = _interleaved(drawn, chance)[: self._draws]
        if self._images.lengths is None:
            return order
        return _even_batches(order, self._images.lengths, self.batch_size, chance)

    def batches(self, epoch: int, process: int, first: int = 0) -> list[Integers]:
        """Give the batches of one process from its number ``first`` on; the processes take turns."""
        order, size = self.positions(epoch), self.batch_size
        numbers = range(process + first * self.processes, len(self), self.processes)
        return [order[number * size : (number + 1) * size] for number in numbers]

    def _drawn(self, members: Integers, quota: int, chance: np.random.Generator) -> Integers:
        """Give ``quota`` of the members, all of them before one comes again."""
        rounds = -(-quota // len(members))
        every = [self._shuffled(members, chance) for _ in range(rounds)]
        return np.concatenate([np.empty(0, np.int64), *every])[:quota]

    def _shuffled(self, members: Integers, chance: np.random.Generator) -> Integers:
        """Give the members in another order: freely, or some shards at a time."""
        if self._images.shards is None:
            return chance.permutation(members)
        shards, shard_of = np.unique(self._images.shards[members], return_inverse=True)
        turn_of = chance.permutation(len(shards)) // self._shards_at_once
        return members[np.argsort(turn_of[shard_of] + chance.random(len(members)))]


def _full_steps(draws: int, step: int) -> int:
    if draws < step:
        raise ConfigurationError(
            f"expected at least {step} images for one batch of each process, got {draws}; make batches smaller, or "
            "keep the last"
        )
    return draws // step * step


def _quotas(shares: Sequence[float], total: int) -> list[int]:
    """Give whole numbers with sum ``total`` by largest remainders.

    Example:
        >>> _quotas([0.5, 0.3, 0.2], 5)
        [3, 1, 1]
    """
    exact = np.asarray(shares) * total
    quotas = np.floor(exact).astype(np.int64)
    missing = total - int(quotas.sum())
    quotas[np.argsort(quotas - exact, kind="stable")[:missing]] += 1
    found: list[int] = quotas.tolist()
    return found


def _interleaved(drawn: Sequence[Integers], chance: np.random.Generator) -> Integers:
    """Mix sequences evenly, each in its own order: the i-th of n comes at a random time in the i-th of n spans."""
    times = [(np.arange(len(group)) + chance.random(len(group))) / max(len(group), 1) for group in drawn]
    return np.concatenate(drawn)[np.argsort(np.concatenate(times))]


def _even_batches(order: Integers, lengths: Integers, size: int, chance: np.random.Generator) -> Integers:
    """Deal the images of each window to its batches like cards, the longest first, in turns there and back."""
    window = BATCHES_PER_WINDOW * size
    whole = len(order) // window * window
    rest = whole + (len(order) - whole) // size * size  # a last batch that is not full stays as it is
    parts = [order[:whole].reshape(-1, window), order[whole:rest].reshape(1, -1)]
    dealt = [_dealt(part, lengths[part], size, chance).ravel() for part in parts if part.size]
    return np.concatenate([*dealt, order[rest:]])


def _dealt(windows: Integers, lengths: Integers, size: int, chance: np.random.Generator) -> Integers:
    """Give windows (W, batches * size) as batches (W, batches, size)."""
    by_length = np.take_along_axis(windows, np.argsort(-lengths, axis=1, kind="stable"), axis=1)
    rounds = by_length.reshape(len(windows), size, -1)
    rounds[:, 1::2] = rounds[:, 1::2, ::-1]
    batches = rounds.transpose(0, 2, 1)
    turns = np.argsort(chance.random(batches.shape[:2]), axis=1)
    return np.take_along_axis(batches, turns[:, :, None], axis=1)
