# SPDX-License-Identifier: Apache-2.0
"""Makers of files that mean harm: small on disk, large or endless for who reads them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, RLELossless

from tests.volume_files import dicom_slice

_PIXELS = np.zeros((8, 8), np.int16)


def plain_slice(path: Path, **attributes: Any) -> Path:
    """A good slice of 8 x 8 pixels, with attributes by keyword."""
    dicom_slice(_PIXELS, **attributes).save_as(path, enforce_file_format=True)
    return path


def rle_bomb(path: Path, side: int) -> Path:
    """An RLE frame of a few bytes that claims to be ``side`` x ``side`` pixels."""
    segments = struct.pack("<16L", 2, 64, 66, *[0] * 13) + b"\x81\x00" * 2
    dataset = dicom_slice(_PIXELS, Rows=side, Columns=side, PixelData=encapsulate([segments]))
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.save_as(path, enforce_file_format=True)
    return path


def deflate_bomb(path: Path, inflated_bytes: int) -> Path:
    """A deflated data set of zeros, a thousandth of its size on disk."""
    plain_slice(path)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    head = _element(0x7FE0, 0x0010, b"OW", b"", length=inflated_bytes)
    parts = [packer.compress(_data_set_head() + head)]
    parts += [packer.compress(bytes(2**20)) for _ in range(inflated_bytes // 2**20)]
    path.write_bytes(_meta(DeflatedExplicitVRLittleEndian) + b"".join(parts) + packer.flush())
    return path


def nested_sequences(path: Path, depth: int) -> Path:
    """Sequences of undefined length inside each other."""
    opening = struct.pack("<HH2sHL", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHL", 0xFFFE, 0xE000, 2**32 - 1
    )
    path.write_bytes(_meta(ExplicitVRLittleEndian) + opening * depth)
    return path


def endless_header(path: Path, elements: int) -> Path:
    """Private elements by the hundred thousand, each of which a parser makes an object of."""
    heads = np.zeros(elements, [("group", "<u2"), ("number", "<u2"), ("vr", "S2"), ("length", "<u2")])
    heads["group"], heads["number"], heads["vr"] = (
        9 + 2 * (np.arange(elements) >> 16),
        np.arange(elements) & 0xFFFF,
        b"LO",
    )
    path.write_bytes(_meta(ExplicitVRLittleEndian) + heads.tobytes() + _data_set_head())
    return path


def _data_set_head() -> bytes:
    numbers = ((0x0002, 1), (0x0010, 8), (0x0011, 8), (0x0100, 16), (0x0101, 16), (0x0102, 15), (0x0103, 0))
    return b"".join(_element(0x0028, element, b"US", struct.pack("<H", value)) for element, value in numbers)


def _element(group: int, number: int, vr: bytes, value: bytes, *, length: int | None = None) -> bytes:
    size = len(value) if length is None else length
    if vr in (b"OB", b"OW"):
        return struct.pack("<HH2sHL", group, number, vr, 0, size) + value
    return struct.pack("<HH2sH", group, number, vr, size) + value


def _meta(syntax: str) -> bytes:
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    body = _element(0x0002, 0x0010, b"UI", uid)
    return bytes(128) + b"DICM" + _element(0x0002, 0x0000, b"UL", struct.pack("<L", len(body))) + body
