# SPDX-License-Identifier: Apache-2.0
"""Parsing the headers of ordinary slices in a fraction of pydicom's time, into the same data set.

What is not ordinary, in the sense of `plain_elements`, is left to pydicom's own parser.
"""

from __future__ import annotations

import functools
from typing import Any

from monai_medglip.readers.dicom_values import header_tag
from monai_medglip.readers.plain_elements import plain_elements

__all__ = ["plain_data_set", "plain_header"]

_MAGIC_END = 132
_TRANSFER_SYNTAX, _CHARACTER_SET = 0x00020010, 0x00080005
_FIRST_DATA_GROUP, _PIXEL_GROUP = 8, 0x7FE0
_MOST_KEPT = 2**14


def plain_header(head: bytes, *, before_group: int = _PIXEL_GROUP) -> tuple[Any, int] | None:
    """Parse a header.

    Args:
        head: the first bytes of the file.
        before_group: the group of tags at which parsing ends; by default that of the pixels.

    Returns:
        The pydicom data set up to that group, and where its first element begins; None where the header is not plain or
        is longer than ``head``.
    """
    if head[_MAGIC_END - 4 : _MAGIC_END] != b"DICM":
        return None
    meta = plain_elements(head, _MAGIC_END, before_group=3)
    if meta is None or _TRANSFER_SYNTAX not in meta.elements:
        return None
    _, start, end = meta.elements[_TRANSFER_SYNTAX]
    file_meta = _file_meta(head[start:end])
    return None if file_meta is None else plain_data_set(head, meta.end, file_meta, before_group=before_group)


def plain_data_set(
    data: bytes, start: int, file_meta: Any, *, before_group: int = _PIXEL_GROUP
) -> tuple[Any, int] | None:
    """Parse a data set that is explicit little endian.

    Args:
        data: its first bytes, or those of its file.
        start: where its first element begins.
        file_meta: the pydicom data set that stands before it.
        before_group: as for `plain_header`.

    Returns:
        As `plain_header`.
    """
    from pydicom.dataset import Dataset

    found = plain_elements(data, start, before_group=before_group)
    if found is None or next(iter(found.elements), 0) >> 16 < _FIRST_DATA_GROUP:
        return None
    elements = [_raw_element(tag, vr, data[start:end]) for tag, (vr, start, end) in found.elements.items()]
    header = Dataset({element.tag: element for element in elements})
    _, start, end = found.elements.get(_CHARACTER_SET, (b"", 0, 0))
    header.set_original_encoding(False, True, _character_set(data[start:end]))
    header.file_meta = file_meta
    return header, found.end


@functools.lru_cache(maxsize=64)
def _file_meta(stored: bytes) -> Any:
    """File meta with the transfer syntax, None where the data set is not explicit little endian as it lies there."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

    try:
        syntax = UID(stored.decode("ascii").rstrip("\0 "))
    except UnicodeDecodeError:
        return None
    if not syntax.is_transfer_syntax or syntax.is_private or syntax == DeflatedExplicitVRLittleEndian:
        return None
    if syntax.is_implicit_VR or not syntax.is_little_endian:
        return None
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    return meta


@functools.lru_cache(maxsize=_MOST_KEPT)
def _raw_element(tag: int, vr: bytes, value: bytes) -> Any:
    """An element as pydicom reads it but for its place in the file, so that equal elements of many files are one."""
    from pydicom.dataelem import RawDataElement, empty_value_for_VR

    word = vr.decode()
    stored: Any = value or empty_value_for_VR(word, raw=True)
    return RawDataElement(header_tag(tag), word, len(value), stored, 0, False, True)


@functools.lru_cache(maxsize=64)
def _character_set(stored: bytes) -> Any:
    from pydicom.charset import convert_encodings, default_encoding
    from pydicom.values import convert_string

    return convert_encodings(convert_string(stored, True)) if stored else default_encoding
