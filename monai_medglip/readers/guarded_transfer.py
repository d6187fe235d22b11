# SPDX-License-Identifier: Apache-2.0
"""Scans between two processes: pixels in shared memory, everything else as plain JSON values."""

from __future__ import annotations

import math
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.readers.guarded_memory import SharedArrays, forbid_writing

__all__ = ["lay_out_scans", "scans_from_message"]


def lay_out_scans(scans: Sequence[Scan], arrays: SharedArrays, *, limit: int) -> dict[str, Any]:
    """Describe scans, and copy those pixels into shared memory that do not lie there.

    Args:
        scans: what was read.
        arrays: the memory.
        limit: the most bytes of pixels.

    Returns:
        A message for `scans_from_message`.

    Raises:
        ImageReadError: when the pixels are more than the limit.
    """
    needed = sum(scan.array.nbytes for scan in scans)
    if needed > limit:
        raise ImageReadError(
            f"{scans[0].source.path}: expected at most {limit:,} bytes of pixels (limit decoded_bytes), they take "
            f"{needed:,}; if the source is to be trusted, raise the limit"
        )
    offsets = [_offset(scan.array, arrays) for scan in scans]
    arrays.give_back_all_but(offsets)
    described = [_described(scan, offset) for scan, offset in zip(scans, offsets, strict=True)]
    return {"bytes": arrays.used, "scans": described}


def scans_from_message(message: Mapping[str, Any], descriptor: int, *, limit: int) -> tuple[Scan, ...]:
    """Give the scans of a message, with arrays that lie in the shared memory, private to this process.

    Args:
        message: what `lay_out_scans` gave, from a process that is not trusted.
        descriptor: the memory.
        limit: the most bytes of it.

    Raises:
        ImageReadError: when pixels are no image.
        ValueError: when the message is none of ours, or the other process still holds the memory.
    """
    try:
        forbid_writing(descriptor)
        if not 0 < message["bytes"] <= limit:
            raise ValueError(f"expected 1 to {limit} bytes of pixels, got {message['bytes']}")
        memory = mmap.mmap(descriptor, message["bytes"], access=mmap.ACCESS_COPY)
        return tuple(_scan(entry, memory) for entry in message["scans"])
    except (OSError, LookupError, TypeError, OverflowError, AttributeError) as error:
        raise ValueError(f"expected scans, got something else: {error}") from error


def _offset(array: npt.NDArray[Any], arrays: SharedArrays) -> int:
    """Where pixels begin in shared memory, after they were copied there if need be."""
    offset = arrays.offset_of(array)
    if offset is None:
        is_turned = _order(array) == "F"
        copy = arrays.empty(array.shape[::-1] if is_turned else array.shape, array.dtype)
        copy[...] = array.T if is_turned else array
        offset = arrays.offset_of(copy)
    if offset is None:
        raise MemoryError("the shared memory is full")
    return offset


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
