# SPDX-License-Identifier: Apache-2.0
"""Where readers put the pixels of a volume: in memory of the process, or where the caller provides it.

Whoever reads in one process for another one provides memory that both share, and spares a copy of the whole volume.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Allocate", "empty_pixels", "pixel_memory"]

Allocate = Callable[[tuple[int, ...], npt.DTypeLike], npt.NDArray[Any]]
"""Gives an uninitialized array of a shape and data type, in C order."""


def _in_process(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.empty(shape, dtype)


_ALLOCATE: ContextVar[Allocate] = ContextVar("allocate_pixels", default=_in_process)


def empty_pixels(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Give an uninitialized array for pixels, in C order."""
    return _ALLOCATE.get()(shape, dtype)


@contextlib.contextmanager
def pixel_memory(allocate: Allocate) -> Iterator[None]:
    """Have `empty_pixels` take arrays from a function inside the block, in this thread."""
    token = _ALLOCATE.set(allocate)
    try:
        yield
    finally:
        _ALLOCATE.reset(token)
