# SPDX-License-Identifier: Apache-2.0
"""The elements of a plain DICOM header in one tight loop; headers with anything unusual are left to others.

Series of hundreds of slices are looked at before they are parsed. What nearly all of them have is little endian, has
explicit and known VRs, tags in ascending order, and no sequence of undefined length: there all parsers agree.
"""

from __future__ import annotations

import mmap
import struct
from typing import NamedTuple

__all__ = ["LONG_VRS", "Buffer", "PlainHeader", "plain_elements"]

Buffer = bytes | bytearray | memoryview | mmap.mmap

# PS3.5 table 7.1-1: these have two reserved bytes and a length of four.
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG_HEAD_BYTES = 12
_UNDEFINED_LENGTH = 0xFFFFFFFF


class PlainHeader(NamedTuple):
    """Of each element by its tag the VR, where its value begins and where it ends; and where the next one begins."""

    elements: dict[int, tuple[bytes, int, int]]
    end: int


def plain_elements(buffer: Buffer, start: int, *, before_group: int) -> PlainHeader | None:
    """Give the elements of a header that is plain.

    Args:
        buffer: the file, or its first part.
        start: where the first element begins.
        before_group: the group of tags at which the header ends.

    Returns:
        The header, None where it is not plain or its end is not in the buffer.
    """
    unpack, unpack_length = struct.Struct("<HH2sH").unpack_from, struct.Struct("<L").unpack_from
    elements: dict[int, tuple[bytes, int, int]] = {}
    position, last, size = start, -1, len(buffer)
    while position + _LONG_HEAD_BYTES <= size:
        group, number, vr, length = unpack(buffer, position)
        if group >= before_group:
            return PlainHeader(elements, position)
        value = position + 8
        if vr in LONG_VRS:
            length, value = unpack_length(buffer, value)[0], position + _LONG_HEAD_BYTES
        elif vr not in _SHORT_VRS:
            return None
        tag, position = group << 16 | number, value + length
        if tag <= last or length == _UNDEFINED_LENGTH or position > size:
            return None
        elements[tag] = vr, value, position
        last = tag
    return None
