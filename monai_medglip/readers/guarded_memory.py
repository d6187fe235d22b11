# SPDX-License-Identifier: Apache-2.0
"""Memory that a process shares with its child: who makes it, and how the child takes arrays from it.

The memory is an unnamed file that the parent creates and seals: nobody can shrink it under a reader, and once the child
has let go of it writing is forbidden, so that pixels stay what they were when they were checked. It vanishes with its
last user.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import math
import mmap
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["SharedArrays", "forbid_writing", "shared_memory"]

_ADD_SEALS, _SEAL_SHRINK, _SEAL_GROW, _SEAL_WRITE = 1033, 2, 4, 8  # linux/fcntl.h
_POPULATE_WRITE, _REMOVE = 23, 9  # linux/mman.h

_REGION_BYTES = 16 * 2**20
_ALIGNMENT = 64


@contextlib.contextmanager
def shared_memory(size: int) -> Iterator[int]:
    """Give the descriptor of a piece of shared memory of fixed size, which takes no room until it is written to."""
    descriptor = os.memfd_create("medglip-pixels", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, size)
        fcntl.fcntl(descriptor, _ADD_SEALS, _SEAL_SHRINK | _SEAL_GROW)
        yield descriptor
    finally:
        os.close(descriptor)


def forbid_writing(descriptor: int) -> None:
    """Forbid everybody to write to shared memory from now on.

    Raises:
        OSError: when a process still could, because it holds a part of it.
    """
    fcntl.fcntl(descriptor, _ADD_SEALS, _SEAL_WRITE)


@dataclass
class _Region:
    """A mapped part of the memory, given out from its beginning."""

    memory: mmap.mmap
    offset: int
    used: int = 0

    @property
    def address(self) -> int:
        return int(np.frombuffer(self.memory, np.uint8).ctypes.data)


class SharedArrays:
    """Arrays in shared memory, one behind the other; small ones share a region, since each region is an open file.

    Args:
        descriptor: the memory.
        expected: how many bytes will be wanted [bytes]; their pages are taken in a thread, while the caller goes on.
    """

    def __init__(self, descriptor: int, *, expected: int = 0) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._regions: list[_Region] = []
        self._is_over = threading.Event()
        self.used = 0
        ahead = self._region_with(expected) if expected >= _REGION_BYTES else None
        self._taking = None if ahead is None else threading.Thread(target=self._take_pages, args=(ahead,), daemon=True)
        if self._taking is not None:
            self._taking.start()

    def __enter__(self) -> SharedArrays:
        """Give the arrays; no more pages are taken when the block is left."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the thread that takes pages."""
        self._is_over.set()
        if self._taking is not None:
            self._taking.join()

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Give an uninitialized array in C order; it lies in the process's own memory when no room is left."""
        count, kind = math.prod(shape), np.dtype(dtype)
        size = -(-count * kind.itemsize // _ALIGNMENT) * _ALIGNMENT
        region = self._region_with(size)
        if region is None or not size:
            return np.empty(shape, kind)
        array = np.frombuffer(region.memory, kind, count, region.used).reshape(shape)
        region.used += size
        return array

    def offset_of(self, array: npt.NDArray[Any]) -> int | None:
        """Give where an array begins in the memory, None when it is not all one piece of it."""
        if not (array.flags.c_contiguous or array.flags.f_contiguous):
            return None
        for region in self._regions:
            inside = array.ctypes.data - region.address
            if inside >= 0 and inside + array.nbytes <= len(region.memory):
                return region.offset + inside
        return None

    def give_back_all_but(self, offsets: Sequence[int]) -> None:
        """Free the room of regions in which an array begins at none of the offsets."""
        for region in self._regions:
            if not any(region.offset <= kept < region.offset + len(region.memory) for kept in offsets):
                region.memory.madvise(_REMOVE)

    def _region_with(self, size: int) -> _Region | None:
        """A region with so much room left, a new one if need be, None when there is none."""
        last = self._regions[-1] if self._regions else None
        if last is not None and last.used + size <= len(last.memory):
            return last
        wanted = -(-max(size, _REGION_BYTES) // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        if wanted > self._size - self.used:
            return None
        region = _Region(mmap.mmap(self._descriptor, wanted, offset=self.used), self.used)
        self._regions.append(region)
        self.used += wanted
        return region

    def _take_pages(self, region: _Region) -> None:
        """Take all pages of a region, which is faster than one by one when they are written to.

        Python's own `madvise` holds its lock meanwhile.
        """
        advise, address = ctypes.CDLL(None).madvise, region.address
        for start in range(0, len(region.memory), _REGION_BYTES):
            length = min(_REGION_BYTES, len(region.memory) - start)
            failed = advise(ctypes.c_void_p(address + start), ctypes.c_size_t(length), _POPULATE_WRITE)
            if failed or self._is_over.is_set():  # Linux before 5.14 cannot
                return
