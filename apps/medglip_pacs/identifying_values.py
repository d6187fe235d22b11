# SPDX-License-Identifier: Apache-2.0
"""Which values of a DICOM header identify somebody: all words and dates, but for what is said of the machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword

__all__ = ["identifying_values"]

_WORDS_AND_DATES = {"PN", "LO", "SH", "LT", "ST", "UC", "UT", "DA", "DT", "TM", "UN"}
_OF_THE_MACHINE = {
    "CodeMeaning",
    "CodeValue",
    "CodingSchemeDesignator",
    "CodingSchemeVersion",
    "ConvolutionKernel",
    "Manufacturer",
    "ManufacturerModelName",
    "SequenceName",
    "SoftwareVersions",
}


def identifying_values(header: Mapping[str, Any]) -> frozenset[str]:
    """Return what of a header must not be written down anywhere.

    Args:
        header: values by keyword as Orthanc gives them, sequences as lists of headers.

    Example:
        >>> sorted(identifying_values({"PatientName": "Doe^Jane", "Rows": "512", "Modality": "CT"}))
        ['Doe^Jane']
    """
    return frozenset(_values(header))


def _values(header: Mapping[str, Any]) -> Iterator[str]:
    for keyword, value in header.items():
        if isinstance(value, Sequence) and not isinstance(value, str):
            for item in value:
                yield from _values(item)
        elif isinstance(value, str) and keyword not in _OF_THE_MACHINE and _vr(keyword) in _WORDS_AND_DATES:
            yield from filter(None, value.split("\\"))


def _vr(keyword: str) -> str:
    """VR of a keyword; ``UN`` where the standard has none of that name, as for private elements."""
    tag = tag_for_keyword(keyword)
    return "UN" if tag is None else dictionary_VR(tag)
