# SPDX-License-Identifier: Apache-2.0
"""Checking what files and DICOM headers claim against limits, before anything is parsed in full or decoded."""

from __future__ import annotations

import contextlib
import itertools
import math
import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.readers.guarded_elements import (
    BIG_ENDIAN,
    DEFLATED,
    IMPLICIT,
    PIXEL_DATA,
    PIXEL_GROUP,
    UNDEFINED_LENGTH,
    Element,
    Inflated,
    after_fragments,
    inflate,
    meta_header,
    walk_elements,
)
from monai_medglip.readers.guarded_limits import ReadLimits
from monai_medglip.readers.plain_elements import Buffer, plain_elements

__all__ = ["BYTES_PER_SAMPLE", "Claims", "check_claims", "identifying_words"]

BYTES_PER_SAMPLE = 4
"""What a decoded gray value takes, as float32; a color image takes less, which is not counted on."""

_SAMPLES, _FRAMES, _ROWS, _COLUMNS = 0x00280002, 0x00280008, 0x00280010, 0x00280011
_CLAIMS = frozenset((_SAMPLES, _FRAMES, _ROWS, _COLUMNS))
_PLAIN_HEAD_BYTES = 2**16
_RATIO_FREE_BYTES = 64 * 2**20  # a small file may be a blank picture, which deflates a thousandfold
_LIKELY_RATIO, _FREE_SHARE = 16, 0.5  # slices that are packed without loss stay far below the ratio
_IDENTIFYING_GROUP = 0x0010
_IDENTIFYING = frozenset((0x00080050, 0x00080080, 0x00080081, 0x00200010))  # accession, institution, study id
_FEWEST_LETTERS = 3


class Claims(NamedTuple):
    """The size of all files, and what their pixels will take by what the headers claim [bytes]."""

    stored_bytes: int
    decoded_bytes: int

    def certain_bytes(self, available: int | None) -> int:
        """Give what pixels will take, as good as certainly, and 0 where headers may be lying or memory is short.

        Args:
            available: the memory that is free, None where it is not known [bytes].
        """
        most = min(_LIKELY_RATIO * self.stored_bytes, _FREE_SHARE * (available or 0))
        return self.decoded_bytes if self.decoded_bytes <= most else 0


class _Data(NamedTuple):
    """A data set to walk over: in a buffer from a start, of a size that may be more than what the buffer holds."""

    buffer: Buffer
    start: int
    size: int
    syntax: str


def check_claims(path: Path, limits: ReadLimits) -> Claims:
    """Refuse a file or a folder whose sizes or headers are beyond the limits.

    Files that are not DICOM are looked at for their size only.

    Args:
        path: a file or the folder of a series; files in folders inside it do not count.
        limits: the most that is allowed.

    Returns:
        What was found.

    Raises:
        ImageReadError: when a limit is passed; the message names it.
        UnsupportedImageError: for a transfer syntax that is not in the list.
    """
    files = _files(path)
    if len(files) > limits.files:
        raise _beyond(path, "files", f"{limits.files:,} files", f"{len(files):,}")
    sizes = {file: file.stat().st_size for file in files}
    for file, size in sizes.items():
        if size > limits.file_bytes:
            raise _beyond(file, "file_bytes", f"{limits.file_bytes:,} bytes", f"{size:,}")
    if sum(sizes.values()) > limits.total_bytes:
        raise _beyond(path, "total_bytes", f"{limits.total_bytes:,} bytes in all", f"{sum(sizes.values()):,}")
    decoded = 0
    for file, size in sizes.items():
        if size:
            decoded += _claimed_bytes(file, limits)
        if decoded > limits.decoded_bytes:
            claimed = f"the headers up to this file claim {decoded:,}"
            raise _beyond(file, "decoded_bytes", f"{limits.decoded_bytes:,} bytes of pixels", claimed)
    return Claims(sum(sizes.values()), decoded)


def identifying_words(path: Path) -> set[str]:
    """Give the words of names, numbers and dates of the patient in the headers of a file or folder.

    Args:
        path: as for `check_claims`; files that cannot be walked over are passed by.

    Returns:
        Words of at least three characters.
    """
    found: set[str] = set()
    for file in _files(path):
        with contextlib.suppress(OSError, ValueError), _mapped(file) as buffer:
            found |= _identifying_words(buffer)
    return found


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if path.is_file() else []
    found = sorted(path.iterdir(), key=lambda file: file.name)
    return [file for file in found if file.is_file() and not file.name.startswith(".")]


def _claimed_bytes(file: Path, limits: ReadLimits) -> int:
    """What the pixels of a DICOM file will take by its header; 0 for other files and objects without pixels."""
    with _mapped(file) as buffer:
        meta = meta_header(buffer)
        if meta is None:
            return 0
        syntax, start, stated = meta
        if syntax not in limits.transfer_syntaxes:
            raise UnsupportedImageError(
                f"{file}: expected one of the {len(limits.transfer_syntaxes)} transfer syntaxes that are read "
                f"(limit transfer_syntaxes), the header says {syntax[:64]!r}; convert the file"
            )
        if syntax == DEFLATED:
            if stated is not None and stated != start:
                raise ImageReadError(
                    f"{file}: expected a file meta header of the length that it states, it ends at byte {start:,} "
                    f"instead of {stated:,}; the file is damaged, copy it again"
                )
            inflated = _inflated(file, buffer, start, limits)
            return _claims(file, _Data(inflated.head, 0, inflated.size, syntax), limits)
        return _claims(file, _Data(buffer, start, len(buffer), syntax), limits)


def _inflated(file: Path, buffer: Buffer, start: int, limits: ReadLimits) -> Inflated:
    """The head of a deflated data set with the size of all that a reader inflates: up to where its pixels end."""
    stored = len(buffer) - start
    allowed = max(_RATIO_FREE_BYTES, int(stored * limits.inflation_ratio))
    name, most = min(("inflation_ratio", allowed), ("file_bytes", limits.file_bytes), key=lambda limit: limit[1])
    deflated = memoryview(buffer)[start:]
    try:
        inflated = inflate(deflated, _PLAIN_HEAD_BYTES)
        end = _stated_end(inflated.head)
        inflated = inflate(deflated, most) if end is None else Inflated(inflated.head, max(end, inflated.size))
    finally:
        deflated.release()
    if inflated.size > most:
        raise _beyond(file, name, f"{most:,} bytes when inflated", f"{inflated.size:,} and more from {stored:,}")
    return inflated


def _stated_end(head: bytes) -> int | None:
    """Where the pixels of a plain explicit data set end by what its header says, None where that is not in the head."""
    plain = plain_elements(head, 0, before_group=PIXEL_GROUP)
    if plain is None:
        return None
    pixels = next(iter(walk_elements(head, plain.end, DEFLATED)), None)
    return None if pixels is None or pixels.length == UNDEFINED_LENGTH else pixels.start + pixels.length


def _claims(file: Path, data: _Data, limits: ReadLimits) -> int:
    largest: dict[int, int] = {}
    for found in _elements(data):
        if found.depth >= limits.nesting_depth:
            raise _beyond(file, "nesting_depth", f"{limits.nesting_depth} sequences inside each other", "more")
        if found.depth == 0 and found.tag >> 16 == PIXEL_GROUP:
            _check_fragments(file, found, data)
            break
        _check_length(file, found, data)
        if found.depth == 0 and found.tag in _CLAIMS:
            # A tag may come twice; which of both counts is the parser's choice.
            largest[found.tag] = max(largest.get(found.tag, 0), _claimed_number(found, data))
    frames = largest.get(_FRAMES) or 1
    if frames > limits.frames:
        raise _beyond(file, "frames", f"{limits.frames:,} frames", f"{frames:,}")
    rows, columns, samples = largest.get(_ROWS, 0), largest.get(_COLUMNS, 0), largest.get(_SAMPLES) or 1
    return math.prod((rows, columns, frames, samples, BYTES_PER_SAMPLE))


def _elements(data: _Data) -> Iterable[Element]:
    """The elements that are to be checked: of a plain header the claims, whose loop checks the rest on its way."""
    if data.syntax not in (IMPLICIT, BIG_ENDIAN):
        plain = plain_elements(data.buffer, data.start, before_group=PIXEL_GROUP)
        if plain is not None:
            claims = [(tag, plain.elements[tag]) for tag in _CLAIMS if tag in plain.elements]
            pixels = itertools.islice(walk_elements(data.buffer, plain.end, data.syntax), 1)
            return [*(Element(tag, vr, start, end - start, 0) for tag, (vr, start, end) in claims), *pixels]
    return walk_elements(data.buffer, data.start, data.syntax)


def _check_length(file: Path, found: Element, data: _Data) -> None:
    """Refuse an element that is longer than its file; parsers take memory for what it claims."""
    left = data.size - found.start
    if found.length != UNDEFINED_LENGTH and found.length > left:
        raise ImageReadError(
            f"{file}: expected a whole header, its element {_named(found)} claims {found.length:,} bytes where "
            f"{left:,} are left; the file is damaged or truncated, copy it again"
        )


def _check_fragments(file: Path, found: Element, data: _Data) -> None:
    """Refuse compressed pixels that are cut off: decoders of JPEG and JPEG-LS make up the rest without a word."""
    if found.length == UNDEFINED_LENGTH and after_fragments(data.buffer, found.start, data.syntax) is None:
        raise ImageReadError(
            f"{file}: expected compressed pixels up to their delimiter, the file ends before; it is truncated, copy "
            "it again"
        )


def _named(element: Element) -> str:
    return f"({element.tag >> 16:04X},{element.tag & 0xFFFF:04X})"


def _claimed_number(element: Element, data: _Data) -> int:
    """A number as text, or the first one as US or UL; 0 for anything else, on which the parser fails."""
    stored = bytes(data.buffer[element.start : element.start + min(element.length, 64)])
    if element.vr not in (b"IS", b"DS") and (element.vr or element.tag != _FRAMES):
        return int.from_bytes(
            stored[: 4 if element.vr == b"UL" else 2], "big" if data.syntax == BIG_ENDIAN else "little"
        )
    try:
        return max(0, int(float(stored.strip(b" \0"))))
    except (ValueError, OverflowError):
        return 0


def _beyond(path: Path, limit: str, most: str, found: str) -> ImageReadError:
    return ImageReadError(
        f"{path}: expected at most {most} (limit {limit}), found {found}; "
        "if the source is to be trusted, raise the limit"
    )


def _identifying_words(buffer: Buffer) -> set[str]:
    meta = meta_header(buffer)
    if meta is None:
        return set()
    syntax, start, _ = meta
    if syntax == DEFLATED:
        buffer, start = inflate(bytes(buffer[start:]), 2**20).head, 0
    found: set[str] = set()
    for tag, vr, value, length, _ in walk_elements(buffer, start, syntax):
        if tag >> 16 == _IDENTIFYING_GROUP or vr == b"PN" or tag in _IDENTIFYING:
            stored = bytes(buffer[value : value + min(length, 1024)])
            for text in (stored.decode("utf-8", "ignore"), stored.decode("latin-1")):
                found.update(text.translate(_SEPARATORS).split())
        elif tag == PIXEL_DATA:
            break
    return {word for word in found if len(word) >= _FEWEST_LETTERS}


_SEPARATORS = str.maketrans(dict.fromkeys("^=\\\0,;", " "))


@contextlib.contextmanager
def _mapped(file: Path) -> Iterator[Buffer]:
    """A file's bytes as they are looked at."""
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped
