# SPDX-License-Identifier: Apache-2.0
"""Telling an image file's format by its first bytes, and by its name only where they do not say; reads no pixels."""

from __future__ import annotations

import gzip
import zlib
from enum import Enum
from pathlib import Path

from monai_medglip.errors import ImageReadError

__all__ = ["READ_FORMATS", "ImageFormat", "detect_format", "image_stem", "is_image_file"]

READ_FORMATS = (
    "PNG, JPEG, TIFF, BMP, NIfTI (.nii, .nii.gz, .hdr), NRRD, MHA/MHD, DICOM (a file or the folder of a series)"
)
"""The formats that are read, in the words of error messages."""


class ImageFormat(Enum):
    """A file format that a reader exists for."""

    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    BMP = "BMP"
    NIFTI = "NIfTI"
    NRRD = "NRRD"
    META_IMAGE = "MHA/MHD"
    DICOM = "DICOM"


_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", ImageFormat.PNG),
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (b"II*\x00", ImageFormat.TIFF),
    (b"MM\x00*", ImageFormat.TIFF),
    (b"II+\x00", ImageFormat.TIFF),
    (b"MM\x00+", ImageFormat.TIFF),
    (b"NRRD000", ImageFormat.NRRD),
    (b"ObjectType", ImageFormat.META_IMAGE),
    (b"NDims", ImageFormat.META_IMAGE),
    (b"BM", ImageFormat.BMP),
)

_SUFFIXES = {
    ".png": ImageFormat.PNG,
    **dict.fromkeys((".jpg", ".jpeg", ".jpe"), ImageFormat.JPEG),
    **dict.fromkeys((".tif", ".tiff"), ImageFormat.TIFF),
    ".bmp": ImageFormat.BMP,
    **dict.fromkeys((".nii", ".nii.gz", ".hdr"), ImageFormat.NIFTI),
    **dict.fromkeys((".nrrd", ".nhdr"), ImageFormat.NRRD),
    **dict.fromkeys((".mha", ".mhd"), ImageFormat.META_IMAGE),
    **dict.fromkeys((".dcm", ".dicom", ".ima"), ImageFormat.DICOM),
}

# Where a header in free order may begin with something else than its magic word, the name decides.
_NAMED_FORMATS = (ImageFormat.META_IMAGE, ImageFormat.DICOM)

_HEAD_BYTES = 512


def detect_format(path: Path) -> ImageFormat:
    """Give the format of an image file.

    Args:
        path: an existing file.

    Returns:
        The format by content; the name decides only for MHA and DICOM files without their magic bytes.

    Raises:
        ImageReadError: when the file is empty, of no known format, or not of the format that its name promises.
    """
    head = _first_bytes(path)
    if not head:
        raise ImageReadError(f"{path}: expected an image, the file is empty (0 bytes); copy or export it again")
    found = _by_content(head)
    if found is not None:
        return found
    named = _by_name(path)
    if named in _NAMED_FORMATS:
        return named
    start = f"it begins with {head[:16]!r}"
    if named is not None:
        raise ImageReadError(
            f"{path}: expected a {named.value} file by its name, but {start}; is the file whole and its name right?"
        )
    raise ImageReadError(f"{path}: expected an image file, one of {READ_FORMATS}; {start}; convert it to one of them")


def is_image_file(path: Path) -> bool:
    """Tell whether an existing file is an image of a read format, or claims by its name to be one.

    A file that claims it and is none counts, so that who goes through a folder finds it out instead of passing it over.
    """
    try:
        detect_format(path)
    except ImageReadError:
        return _by_name(path) is not None
    return True


def image_stem(path: Path) -> str:
    """Give a file's name without the suffix of an image format.

    Example:
        >>> image_stem(Path("scans/brain.nii.gz")), image_stem(Path("1.2.840.10008"))
        ('brain', '1.2.840.10008')
    """
    suffix = max((known for known in _SUFFIXES if path.name.casefold().endswith(known)), key=len, default="")
    return path.name[: len(path.name) - len(suffix)] or path.name


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as unpacked:
                head = unpacked.read(_HEAD_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise ImageReadError(
            f"{path}: expected a file that can be opened and unpacked, got: {error}; copy or export it again"
        ) from error
    return head


def _by_content(head: bytes) -> ImageFormat | None:
    if head[128:132] == b"DICM" or _is_bare_dicom(head):
        return ImageFormat.DICOM
    if head[344:348] in (b"n+1\x00", b"ni1\x00") or head[4:8] in (b"n+2\x00", b"ni2\x00"):
        return ImageFormat.NIFTI
    return next((known for magic, known in _MAGIC if head.startswith(magic)), None)


def _is_bare_dicom(head: bytes) -> bool:
    """Whether a data set begins without preamble: a low element of group 2 or 8, little endian."""
    return len(head) > 8 and head[0] in (2, 8) and head[1] == 0 and head[3] == 0 and head[4:8] != b"\x00" * 4


def _by_name(path: Path) -> ImageFormat | None:
    name = path.name.casefold()
    return next((known for suffix, known in _SUFFIXES.items() if name.endswith(suffix)), None)
