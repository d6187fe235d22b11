# SPDX-License-Identifier: Apache-2.0
"""One DICOM file: its header, and where in the file its pixels lie; pixels are read by `dicom_decoding` when wanted."""

from __future__ import annotations

import contextlib
import functools
import io
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.readers.dicom_deflated import DEFLATED_SYNTAX, DeflatedFile
from monai_medglip.readers.dicom_plain_header import plain_data_set, plain_header
from monai_medglip.readers.dicom_values import header_value
from monai_medglip.readers.grid_checks import check_shape
from monai_medglip.readers.library_errors import import_extra, library_errors, logged_warnings

__all__ = ["DicomInstance", "PixelElement", "read_instance"]

MAX_INFLATED_BYTES = 2**30
"""Most bytes that a deflated data set is inflated to."""

RLE_MOST_RATIO = 64
"""An RLE segment packs at most 128 bytes into 2 (PS3.5 G.3); the native decoder ends the process on lying headers."""

_RLE = "1.2.840.10008.1.2.5"
_PIXEL_ELEMENTS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_HEAD_BYTES, _META_BYTES = 2**16, 1024

# (FFFE,E000) and (FFFE,E0DD), as compressed pixels always have them: little endian.
_FRAGMENT, _END_OF_FRAGMENTS = 0xE000FFFE, 0xE0DDFFFE

_KINDS_WITHOUT_PICTURE = {
    "RTSTRUCT": "contours",
    "RTDOSE": "a dose distribution",
    "RTPLAN": "a treatment plan",
    "SEG": "a segmentation",
    "SR": "a report",
    "PR": "a presentation state",
    "KO": "a selection of images",
}


@dataclass(frozen=True)
class PixelElement:
    """The element that holds the pixels.

    Args:
        keyword: PixelData, FloatPixelData or DoubleFloatPixelData.
        vr: the value representation, None where the transfer syntax does not state it.
        start: where its value begins, in bytes from the file's start; of a deflated file, in the inflated data set.
        length: how many bytes are there, whatever the element says; of a deflated file, how many it says.
    """

    keyword: str
    vr: str | None
    start: int
    length: int


@dataclass(frozen=True, eq=False)
class DicomInstance:
    """A DICOM file that holds a picture of one or more frames, checked by what its header says.

    Args:
        path: the file.
        header: the pydicom data set up to the pixels.
        pixels: where they lie.
    """

    path: Path
    header: Any
    pixels: PixelElement

    @functools.cached_property
    def transfer_syntax(self) -> Any:
        """How the pixels are stored, a pydicom UID."""
        return self.header.file_meta.TransferSyntaxUID

    @functools.cached_property
    def number_of_frames(self) -> int:
        """How many pictures the file holds, 1 where it does not say."""
        return _whole_number(self.path, self.header, "NumberOfFrames") or 1

    @functools.cached_property
    def shape(self) -> tuple[int, int]:
        """(columns, rows)."""
        columns, rows = (_whole_number(self.path, self.header, keyword) for keyword in ("Columns", "Rows"))
        return columns or 0, rows or 0

    @functools.cached_property
    def is_color(self) -> bool:
        """Whether a pixel is red, green and blue after decoding."""
        return (
            int(header_value(self.header, "SamplesPerPixel") or 1) > 1
            or header_value(self.header, "PhotometricInterpretation") == "PALETTE COLOR"
        )

    @contextlib.contextmanager
    def open_pixels(self) -> Iterator[BinaryIO]:
        """Open the file, or what it inflates to up to the end of the pixels, at the first byte of the pixels.

        Raises:
            ImageReadError: when a deflated file inflates to less.
        """
        if self.transfer_syntax != DEFLATED_SYNTAX:
            with self.path.open("rb") as file:
                file.seek(self.pixels.start)
                yield file
            return
        end = self.pixels.start + self.pixels.length
        data = DeflatedFile.open(self.path).inflate(end)
        if len(data) < end:
            raise ImageReadError(
                f"{self.path}: expected a deflated file that inflates to {end:,} bytes, it ends after {len(data):,}; "
                "it is truncated, copy it again"
            )
        pixels = io.BytesIO(data)
        pixels.seek(self.pixels.start)
        yield pixels


def read_instance(path: Path) -> DicomInstance:
    """Read the header of a DICOM file with a picture.

    Args:
        path: the file.

    Returns:
        The instance; its size, number of frames and amount of pixel bytes agree with each other.

    Raises:
        ImageReadError: when the file is damaged or truncated, or pydicom is not installed.
        UnsupportedImageError: for objects without a picture, and for pictures that are too large.
    """
    import_extra("pydicom", "dicom", path)
    with library_errors(path, "DICOM file"), logged_warnings(path):
        return _instance(path)


def _instance(path: Path) -> DicomInstance:
    with path.open("rb") as file:
        if DEFLATED_SYNTAX.encode() in file.read(_META_BYTES):
            return _deflated_instance(path)
        file.seek(0)
        instance = _checked(path, _header(file), file)
        if instance.transfer_syntax.is_encapsulated:
            file.seek(instance.pixels.start)
            _refuse_cut_off(path, file)
    return instance


def _deflated_instance(path: Path) -> DicomInstance:
    """An instance of which only the head is inflated, if it is a plain one."""
    file = DeflatedFile.open(path)
    head = file.inflate(_HEAD_BYTES)
    plain = plain_data_set(head, 0, file.file_meta)
    if plain is not None:
        header, end = plain
        data_set = io.BytesIO(head)
        data_set.seek(end)
        instance = _checked(path, header, data_set, is_whole=len(head) < _HEAD_BYTES)
        needed = instance.pixels.start + instance.pixels.length
    else:
        whole = file.inflate(MAX_INFLATED_BYTES + 1)
        data_set, needed = io.BytesIO(whole), len(whole)
        instance = _checked(path, _header_of_inflated(data_set, file.file_meta), data_set)
    if needed > MAX_INFLATED_BYTES:
        raise UnsupportedImageError(
            f"{path}: expected a deflated DICOM file of at most {MAX_INFLATED_BYTES:,} bytes, "
            f"{path.stat().st_size:,} bytes inflate to more; store it uncompressed, if it is what it claims to be"
        )
    return instance


def _checked(path: Path, header: Any, data_set: BinaryIO, *, is_whole: bool = True) -> DicomInstance:
    """An instance whose header makes sense; of a data set that is not all there, pixels are believed to be."""
    _refuse_without_picture(path, header)
    instance = DicomInstance(path, header, _pixel_element(path, data_set, header, is_whole=is_whole))
    _check_amount(instance)
    return instance


def _header(file: BinaryIO) -> Any:
    """The data set up to the pixels; the file is left where their element begins."""
    from pydicom import dcmread

    plain = plain_header(file.read(_HEAD_BYTES))
    if plain is None:
        file.seek(0)
        return dcmread(file, stop_before_pixels=True, force=True)
    header, end = plain
    file.seek(end)
    return header


def _header_of_inflated(file: BinaryIO, meta: Any) -> Any:
    from pydicom.filereader import read_dataset

    header = read_dataset(file, False, True, stop_when=lambda tag, vr, length: tag in _PIXEL_ELEMENTS)
    header.file_meta = meta
    return header


def _refuse_without_picture(path: Path, header: Any) -> None:
    if not getattr(getattr(header, "file_meta", None), "TransferSyntaxUID", None):
        raise ImageReadError(
            f"{path}: expected a DICOM file with a file meta header that names the transfer syntax, found none; "
            "export the file again as DICOM Part 10"
        )
    modality = str(header_value(header, "Modality") or "")
    if "Rows" not in header or modality in _KINDS_WITHOUT_PICTURE:
        kind = _KINDS_WITHOUT_PICTURE.get(modality, f"no picture (modality {modality or 'not stated'})")
        raise UnsupportedImageError(
            f"{path}: expected an image, the DICOM file holds {kind}; give the images it refers to"
        )


def _pixel_element(path: Path, file: BinaryIO, header: Any, *, is_whole: bool) -> PixelElement:
    """The element at which reading the header stopped."""
    syntax = header.file_meta.TransferSyntaxUID
    order = "<" if syntax.is_little_endian else ">"
    head = file.read(8)
    group, element = struct.unpack(f"{order}HH", head[:4]) if len(head) == 8 else (0, 0)
    keyword = _PIXEL_ELEMENTS.get(group << 16 | element)
    if keyword is None:
        raise ImageReadError(f"{path}: expected a DICOM image with pixel data, the file has none; copy it again")
    if syntax.is_implicit_VR:
        vr, length = None, head[4:]
    else:
        vr, length = head[4:6].decode("ascii", "replace"), file.read(4)
    stated, start = struct.unpack(f"{order}L", length)[0], file.tell()
    present = file.seek(0, io.SEEK_END) - start if is_whole else stated
    # 0xFFFFFFFF is "until the delimiter", as compressed pixels are stored.
    return PixelElement(keyword, vr, start, present if stated == 0xFFFFFFFF else min(stated, present))


def _check_amount(instance: DicomInstance) -> None:
    """Refuse sizes that cannot be, before memory is taken for them."""
    path, frames, shape = instance.path, instance.number_of_frames, instance.shape
    check_shape(path, shape)
    header, present = instance.header, instance.pixels.length
    samples, kind = (header_value(header, keyword) for keyword in ("SamplesPerPixel", "PhotometricInterpretation"))
    allocated = _whole_number(path, header, "BitsAllocated")
    if allocated is None:
        raise ImageReadError(f"{path}: expected BitsAllocated in the header of an image, it has none; correct it")
    bits = allocated * int(samples or 1)
    if str(kind) == "YBR_FULL_422":
        bits = bits * 2 // 3
    needed = math.ceil(math.prod(shape) * frames * bits / 8)
    if not instance.transfer_syntax.is_encapsulated:
        least, words = needed, "of pixels"
    elif instance.transfer_syntax == _RLE:
        least, words = needed // RLE_MOST_RATIO, "of RLE at least"
    else:
        least, words = 8 * frames, "of compressed pixels at least"
    if present < least:
        raise ImageReadError(
            f"{path}: expected {least:,} bytes {words} for {frames} frame(s) of {shape} columns and rows, the file has "
            f"{present:,}; it is truncated or its header damaged, copy it again"
        )


def _refuse_cut_off(path: Path, file: BinaryIO) -> None:
    """Go from fragment to fragment to the delimiter that ends compressed pixels: decoders make up what is missing."""
    while len(head := file.read(8)) == 8:
        tag, length = struct.unpack("<LL", head)
        if tag == _END_OF_FRAGMENTS:
            return
        if tag != _FRAGMENT:
            break
        file.seek(length, io.SEEK_CUR)
    raise ImageReadError(
        f"{path}: expected compressed pixels that end with a sequence delimiter, they break off before it; the file is "
        "truncated or damaged, copy it again"
    )


def _whole_number(path: Path, header: Any, keyword: str) -> int | None:
    value = header_value(header, keyword)
    if value is None or value == "":
        return None
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise ImageReadError(
            f"{path}: expected a whole number in {keyword}, got {value}; correct the header"
        ) from error
