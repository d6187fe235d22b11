# SPDX-License-Identifier: Apache-2.0
"""Walking over the elements of a DICOM file without building anything; for checks before a full parser sees it.

It never recurses, takes no memory for what a header claims, and does not judge: where the bytes make no sense the walk
ends, and the parser has the word. Values are told by their place only.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from monai_medglip.readers.plain_elements import LONG_VRS, Buffer

__all__ = [
    "BIG_ENDIAN",
    "DEFLATED",
    "IMPLICIT",
    "PIXEL_DATA",
    "PIXEL_GROUP",
    "UNDEFINED_LENGTH",
    "Element",
    "Inflated",
    "MetaHeader",
    "after_fragments",
    "inflate",
    "meta_header",
    "walk_elements",
]

IMPLICIT = "1.2.840.10008.1.2"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
PIXEL_DATA, PIXEL_GROUP = 0x7FE00010, 0x7FE0
UNDEFINED_LENGTH = 0xFFFFFFFF

_GROUP_LENGTH, _TRANSFER_SYNTAX = 0x00020000, 0x00020010
_DELIMITERS, _ITEM, _SEQUENCE_END = 0xFFFE, 0xE000, 0xE0DD
_LONG_HEAD_BYTES = 12
_KEPT_BYTES = 64 * 2**20
_CHUNK_BYTES = 2**20


_Head = Callable[[Buffer, int], tuple[int, int, bytes, int, int]]
"""Reads a head: group, number, VR, length, and where the value begins."""


class Element(NamedTuple):
    """One element: where its value lies in the buffer, and in how many open sequences of undefined length."""

    tag: int
    vr: bytes
    start: int
    length: int
    depth: int


class MetaHeader(NamedTuple):
    """The transfer syntax, where the data set begins by the elements before it, and where by the group's length."""

    syntax: str
    end: int
    stated_end: int | None


class Inflated(NamedTuple):
    """What a deflated data set became: its first bytes, and how many there are, or were when the limit was hit."""

    head: bytes
    size: int


def meta_header(buffer: Buffer) -> MetaHeader | None:
    """Give what the file meta header says of the data set; None where there is none."""
    start = 132 if bytes(buffer[128:132]) == b"DICM" else 0
    syntax, end, stated = "", start, None
    for tag, _, value, length, _ in walk_elements(buffer, start, ""):
        if tag >> 16 != 2:
            break
        end = value + length
        if tag == _GROUP_LENGTH and length == 4:
            stated = end + int.from_bytes(buffer[value:end], "little")
        if tag == _TRANSFER_SYNTAX:
            syntax = bytes(buffer[value:end]).decode("ascii", "replace").strip("\0 ")
    return MetaHeader(syntax, end, stated) if syntax else None


def inflate(deflated: Buffer, limit: int) -> Inflated:
    """Inflate a data set up to a limit, holding no more than its first part in memory.

    Args:
        deflated: the bytes after the file meta header.
        limit: where to stop [bytes].

    Returns:
        The first part, and the size; larger than ``limit`` when it was hit. Damaged bytes end it early.
    """
    inflater, view = zlib.decompressobj(-zlib.MAX_WBITS), memoryview(deflated)
    head, size, position = bytearray(), 0, 0
    while size <= limit and not inflater.eof:
        pending = inflater.unconsumed_tail or view[position : position + _CHUNK_BYTES]
        if not inflater.unconsumed_tail:
            position += len(pending)
        try:
            part = inflater.decompress(pending, min(_CHUNK_BYTES, limit + 1 - size))
        except zlib.error:
            break
        if not part and position >= len(view) and not inflater.unconsumed_tail:
            break
        size += len(part)
        head += part[: _KEPT_BYTES - len(head)]
    return Inflated(bytes(head), size)


def walk_elements(buffer: Buffer, start: int, syntax: str) -> Iterator[Element]:
    """Go over the elements in the order of the file, into sequences of undefined length.

    Sequences of defined length are single elements, as the parser takes them until they are looked into.

    Args:
        buffer: the file, or an inflated data set.
        start: where the first element begins.
        syntax: UID of the transfer syntax.

    Yields:
        The elements without items and delimiters.
    """
    order = ">" if syntax == BIG_ENDIAN else "<"
    explicit_head, implicit_head = _explicit_head(order), _implicit_head(order)
    implicit = syntax == IMPLICIT
    outer: list[bool] = []  # whether the sequences around are implicit
    position: int | None = start
    while position is not None and position + _LONG_HEAD_BYTES <= len(buffer):
        group, number, vr, length, value = (implicit_head if implicit else explicit_head)(buffer, position)
        position = value
        if group == _DELIMITERS:
            if number == _SEQUENCE_END and outer:
                implicit = outer.pop()
            continue
        yield Element(group << 16 | number, vr, value, length, len(outer))
        if length != UNDEFINED_LENGTH:
            position += length
        elif vr in (b"OB", b"OW"):
            position = after_fragments(buffer, value, syntax)
        else:
            outer.append(implicit)
            implicit = implicit or vr == b"UN"  # PS3.5 6.2.2, note 4


def after_fragments(buffer: Buffer, position: int, syntax: str) -> int | None:
    """Give where encapsulated pixels end, behind their delimiter.

    Args:
        buffer: the file.
        position: where the first fragment begins.
        syntax: UID of the transfer syntax.

    Returns:
        The position, or None when the file ends before a delimiter.
    """
    unpack = struct.Struct(">HHL" if syntax == BIG_ENDIAN else "<HHL").unpack_from
    while position + 8 <= len(buffer):
        group, number, length = unpack(buffer, position)
        position += 8
        if (group, number) != (_DELIMITERS, _ITEM):
            return position
        position += length
    return None


def _implicit_head(order: str) -> _Head:
    unpack = struct.Struct(f"{order}HHL").unpack_from

    def head(buffer: Buffer, position: int) -> tuple[int, int, bytes, int, int]:
        group, number, length = unpack(buffer, position)
        return group, number, b"", length, position + 8

    return head


def _explicit_head(order: str) -> _Head:
    unpack = struct.Struct(f"{order}HH2sH").unpack_from
    unpack_length = struct.Struct(f"{order}L").unpack_from

    def head(buffer: Buffer, position: int) -> tuple[int, int, bytes, int, int]:
        group, number, vr, length = unpack(buffer, position)
        if group == _DELIMITERS or not b"AA" <= vr <= b"ZZ":  # in this way pydicom tells what is no VR
            return group, number, vr, unpack_length(buffer, position + 4)[0], position + 8
        if vr in LONG_VRS:
            return group, number, vr, unpack_length(buffer, position + 8)[0], position + 12
        return group, number, vr, length, position + 8

    return head
