# SPDX-License-Identifier: Apache-2.0
"""The pixels of a JPEG file as they are coded, without what cameras and programs write beside them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["plain_jpeg"]

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_RESTARTS = range(0xD0, 0xD8)
_COMMENT = 0xFE
_APPLICATION = range(0xE0, 0xF0)
_NEEDED_TO_DECODE = (0xE0, 0xEE)
"""JFIF, and Adobe's word on how colors are coded."""


def plain_jpeg(file: Path) -> bytes | None:
    """Give the bytes of a JPEG without comments, EXIF and other words, which may say whose picture it is.

    Args:
        file: any file or folder; only looked into when it is a file.

    Returns:
        A JPEG with the same coded pixels; None when the file is no whole JPEG.
    """
    if not file.is_file():
        return None
    with file.open("rb") as stored:
        content = stored.read(2)
        if content != bytes((0xFF, _START)):
            return None
        content += stored.read()
    return _without_words(content)


def _without_words(content: bytes) -> bytes | None:
    kept, at = [content[:2]], 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if marker == _SCAN:
            end = _end_of_scan(content, end)
        if (marker not in _APPLICATION and marker != _COMMENT) or marker in _NEEDED_TO_DECODE:
            kept.append(content[at:end])
        at = end
        if content[at : at + 2] == bytes((0xFF, _END)):
            return b"".join((*kept, content[at : at + 2]))
    return None


def _end_of_scan(content: bytes, at: int) -> int:
    """Give where the next marker stands behind coded pixels, in which 0xFF comes with a zero or a restart's number."""
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content):
        if content[at + 1] != 0 and content[at + 1] not in _RESTARTS:
            return at
        at += 2
    return len(content)
