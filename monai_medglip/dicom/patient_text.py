# SPDX-License-Identifier: Apache-2.0
"""Text of a result in UTF-8, whatever character set the source images have."""

from __future__ import annotations

from typing import TypeVar

from pydicom import DataElement, Dataset
from pydicom.dataelem import RawDataElement
from pydicom.valuerep import PersonName

__all__ = ["decode_as_utf8", "write_in_utf8"]

_UTF8 = "ISO_IR 192"
_SAME_ASCII = ("", "ISO_IR 6", "ISO_IR 100", _UTF8)
"""Character sets whose bytes below 128 are ASCII, without escape sequences."""
_TEXT = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT", "SQ", "UN"))

DatasetT = TypeVar("DatasetT", bound=Dataset)


def write_in_utf8(dataset: DatasetT) -> DatasetT:
    """Declare UTF-8 and take patient names out of the encoding that they came in; the data set is changed in place."""
    for element in dataset.iterall():
        if element.VR == "PN" and element.value:
            element.value = PersonName(str(element.value), ["UTF8"])
    dataset.SpecificCharacterSet = _UTF8
    return dataset


def decode_as_utf8(header: DatasetT) -> DatasetT:
    """Take the text of a header that was just read out of the character set that it names; it is changed in place."""
    if _is_ascii(header):
        header.SpecificCharacterSet = _UTF8
        return header
    header.decode()
    return write_in_utf8(header)


def _is_ascii(dataset: Dataset) -> bool:
    """Whether all text is the same in UTF-8; seen without decoding it, which takes long for hundreds of slices."""
    named = dataset.get("SpecificCharacterSet") or ""
    return named in _SAME_ASCII and all(map(_is_plain, dataset.values()))


def _is_plain(element: DataElement | RawDataElement) -> bool:
    if element.VR is not None and element.VR not in _TEXT:
        return True
    return isinstance(element, RawDataElement) and (element.value is None or element.value.isascii())
