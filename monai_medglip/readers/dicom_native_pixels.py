# SPDX-License-Identifier: Apache-2.0
"""Reading uncompressed grey pixels as they lie in the file; all else is `dicom_decoding`'s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError
from monai_medglip.readers.dicom_instance import DicomInstance
from monai_medglip.readers.dicom_values import header_value

__all__ = ["NATIVE_SYNTAXES", "native_dtype", "native_frames"]

NATIVE_SYNTAXES = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
"""Little endian, implicit and explicit VR."""

_GREY = ("MONOCHROME1", "MONOCHROME2")


def native_dtype(instance: DicomInstance) -> np.dtype[Any] | None:
    """Give the type of an instance's stored pixels.

    Args:
        instance: the file.

    Returns:
        Integers of 8 or 16 bits, None for pixels that are not stored one by one as such.
    """
    bits, sign, kind = (
        header_value(instance.header, keyword)
        for keyword in ("BitsAllocated", "PixelRepresentation", "PhotometricInterpretation")
    )
    is_plain = instance.transfer_syntax in NATIVE_SYNTAXES and instance.pixels.keyword == "PixelData"
    if not is_plain or bits not in (8, 16) or sign not in (0, 1) or kind not in _GREY or instance.is_color:
        return None
    stored = header_value(instance.header, "BitsStored")
    if not isinstance(stored, int) or not 0 < stored <= bits:
        return None
    return np.dtype(f"<{'ui'[sign]}{bits // 8}")


def native_frames(instance: DicomInstance, dtype: np.dtype[Any], numbers: Sequence[int]) -> Iterator[npt.NDArray[Any]]:
    """Read frames.

    Args:
        instance: the file.
        dtype: what `native_dtype` gives.
        numbers: which frames, counted from 1.

    Yields:
        (rows, columns), without what may lie in the bits above those that are stored.

    Raises:
        ImageReadError: when the file has become shorter than it was.
    """
    stored_bits = int(header_value(instance.header, "BitsStored"))
    with instance.path.open("rb", buffering=0) as file:
        for number in numbers:
            frame = np.empty(instance.shape[::-1], dtype)
            file.seek(instance.pixels.start + (number - 1) * frame.nbytes)
            if file.readinto(frame.data) != frame.nbytes:
                raise ImageReadError(f"{instance.path}: expected a file that does not change while it is read, it did")
            _clear_unused_bits(frame, stored_bits)
            yield frame


def _clear_unused_bits(frame: npt.NDArray[Any], stored_bits: int) -> None:
    """Take what may lie above the stored bits out of a frame, in place; of signed pixels the sign goes on there."""
    unused_bits = frame.dtype.itemsize * 8 - stored_bits
    is_signed = frame.dtype.kind == "i"
    low, high = (-(1 << stored_bits - 1), (1 << stored_bits - 1) - 1) if is_signed else (0, (1 << stored_bits) - 1)
    # Looking is faster than changing, and nearly always enough.
    if unused_bits and not (low <= frame.min() and frame.max() <= high):
        # Up and down again, which also continues the sign (PS3.5 8.1.1).
        frame <<= unused_bits
        frame >>= unused_bits
