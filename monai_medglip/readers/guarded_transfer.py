# SPDX-License-Identifier: Apache-2.0
"""Scans between two processes: pixels in a piece of shared memory, everything else as plain JSON values.

The memory is an unnamed file that its maker creates and seals: nobody can shrink it under a reader, and once the child
has let go of it the parent forbids writing, so that pixels stay what they were when they were checked. It vanishes
with its last user.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import mmap
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging import ImageSource, Modality, Scan

__all__ = ["lay_out_scans", "scans_from_message", "shared_memory"]

_ADD_SEALS, _SEAL_SHRINK, _SEAL_GROW, _SEAL_WRITE = 1033, 2, 4, 8  # linux/fcntl.h; in fcntl since Python 3.8 on glibc
_POPULATE_WRITE = 23  # linux/mman.h, MADV_POPULATE_WRITE: all pages at once, three times as fast as one by one
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


def lay_out_scans(scans: Sequence[Scan], descriptor: int, *, limit: int) -> dict[str, Any]:
    """Copy pixels into shared memory and describe the scans.

    Args:
        scans: what was read.
        descriptor: the memory, of ``limit`` bytes.
        limit: the most that fits.

    Returns:
        A message for `scans_from_message`.

    Raises:
        ImageReadError: when the pixels are more than the limit.
    """
    offsets = np.cumsum([0, *(-(-scan.array.nbytes // _ALIGNMENT) * _ALIGNMENT for scan in scans)]).tolist()
    if offsets[-1] > limit:
        raise ImageReadError(
            f"{scans[0].source.path}: expected at most {limit:,} bytes of pixels (limit decoded_bytes), they take "
            f"{offsets[-1]:,}; if the source is to be trusted, raise the limit"
        )
    with mmap.mmap(descriptor, offsets[-1]) as memory:
        with contextlib.suppress(OSError):  # Linux before 5.14
            memory.madvise(_POPULATE_WRITE)
        for scan, offset in zip(scans, offsets, strict=False):
            _view(memory, scan.array.dtype.str, scan.array.shape, offset, _order(scan.array))[...] = scan.array
    return {
        "bytes": offsets[-1],
        "scans": [_described(scan, offset) for scan, offset in zip(scans, offsets, strict=False)],
    }


def scans_from_message(message: Mapping[str, Any], descriptor: int, *, limit: int) -> tuple[Scan, ...]:
    """Give the scans of a message, with arrays that lie in the shared memory, private to this process.

    Args:
        message: what `lay_out_scans` gave, from a process that is not trusted.
        descriptor: the memory.
        limit: its size.

    Raises:
        ImageReadError: when pixels are no image.
        ValueError: when the message is none of ours, or the other process still holds the memory.
    """
    try:
        fcntl.fcntl(descriptor, _ADD_SEALS, _SEAL_WRITE)
        if not 0 < message["bytes"] <= limit:
            raise ValueError(f"expected 1 to {limit} bytes of pixels, got {message['bytes']}")
        memory = mmap.mmap(descriptor, message["bytes"], access=mmap.ACCESS_COPY)
        return tuple(_scan(entry, memory) for entry in message["scans"])
    except (OSError, LookupError, TypeError, OverflowError, AttributeError) as error:
        raise ValueError(f"expected scans, got something else: {error}") from error


def _order(array: npt.NDArray[Any]) -> str:
    return "F" if array.flags.f_contiguous else "C"


def _view(memory: mmap.mmap, dtype: str, shape: Sequence[int], offset: int, order: str) -> npt.NDArray[Any]:
    found = np.dtype(dtype)
    if found.kind not in "uif":
        raise ValueError(f"expected pixels of integers or reals, got {dtype}")
    size = math.prod(shape)
    flat = np.frombuffer(memory, found, size, offset)
    return flat.reshape(tuple(shape), order="F" if order == "F" else "C")


def _described(scan: Scan, offset: int) -> dict[str, Any]:
    return {
        "dtype": scan.array.dtype.str,
        "shape": list(scan.array.shape),
        "order": _order(scan.array),
        "offset": offset,
        "frame": scan.frame.to_dict(),
        "modality": scan.modality.value,
        "source": asdict(scan.source),
        "body_region": scan.body_region,
    }


def _scan(entry: Mapping[str, Any], memory: mmap.mmap) -> Scan:
    source: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry["source"].items()
    }
    return Scan(
        _view(memory, entry["dtype"], entry["shape"], entry["offset"], entry["order"]),
        Frame.from_dict(entry["frame"]),
        Modality(entry["modality"]),
        ImageSource(**source),
        entry["body_region"],
    )
