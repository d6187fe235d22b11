# SPDX-License-Identifier: Apache-2.0
"""Finding the number of a record by its source and id without reading the records: sorted hashes in a mapped file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medglip.atomic_file import atomic_file

__all__ = ["ID_INDEX", "IdIndex", "id_keys"]

ID_INDEX = "ids.npy"
"""The name of the file."""

_KEY_BYTES = 8


def id_keys(names: Iterable[tuple[str, str]]) -> npt.NDArray[np.uint64]:
    """Give the hash (N,) of each pair of source and id."""
    joined = (f"{source}\0{id_}".encode() for source, id_ in names)
    keys = b"".join(hashlib.blake2b(name, digest_size=_KEY_BYTES).digest() for name in joined)
    return np.frombuffer(keys, "<u8")


class IdIndex:
    """Pairs of hash and number, sorted; equal hashes stand side by side, so whoever asks compares the names.

    Args:
        pairs: (2, N) uint64, the sorted hashes and the number of each.
    """

    def __init__(self, pairs: npt.NDArray[np.uint64]) -> None:
        self._pairs = pairs

    @classmethod
    def of_keys(cls, keys: npt.NDArray[np.uint64]) -> IdIndex:
        """Give the index of records that stand in the order of their hashes ``keys`` (N,)."""
        order = np.argsort(keys, kind="stable").astype(np.uint64)
        return cls(np.stack([keys[order], order]))

    @classmethod
    def open(cls, path: Path) -> IdIndex:
        """Map an index that `write` wrote; pages are read when they are looked at."""
        return cls(np.load(path, mmap_mode="r"))

    def write(self, path: Path) -> None:
        """Write the index as a NumPy file.

        Raises:
            OutputError: when it cannot be written.
        """
        with atomic_file(path) as temporary, temporary.open("wb") as file:
            np.save(file, self._pairs)

    def candidates(self, source: str, id_: str) -> Iterator[int]:
        """Give the numbers of the records that may be the one of this name: one nearly always, none if it is not."""
        keys, numbers = self._pairs
        key = id_keys([(source, id_)])[0]
        for at in range(*np.searchsorted(keys, [key, key + np.uint64(1)]).tolist()):
            yield int(numbers[at])

    def equal_neighbors(self) -> Iterator[tuple[int, int]]:
        """Give the numbers of records with the same hash, two by two."""
        keys, numbers = self._pairs
        for at in np.flatnonzero(keys[1:] == keys[:-1]).tolist():
            yield int(numbers[at]), int(numbers[at + 1])
