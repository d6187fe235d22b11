# SPDX-License-Identifier: Apache-2.0
"""Values of DICOM headers by keyword; what hundreds of slices say alike is converted once."""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["header_tag", "header_value"]

# Their conversion rests on the element alone: on no character set, no dictionary and no other element.
_INDEPENDENT_VRS = frozenset(("AS", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "SL", "SS", "TM", "UI", "UL", "US"))
_LONGEST_KEPT = 256
_MOST_KEPT = 8192


def header_value(header: Any, keyword: str) -> Any:
    """Give what ``header.get(keyword)`` gives; lists are not to be changed.

    Args:
        header: a pydicom data set.
        keyword: of a public attribute.

    Returns:
        The value, or None where the attribute is absent.
    """
    tag = _keyword_tag(keyword)
    element = header.get_item(tag, keep_deferred=True)
    if element is None:
        return None
    if element.is_raw and element.VR in _INDEPENDENT_VRS and element.length <= _LONGEST_KEPT:
        return _converted(element)
    return header[tag].value


@functools.lru_cache(maxsize=_MOST_KEPT)
def header_tag(number: int) -> Any:
    """Give the one pydicom tag of a number, which data sets find sooner than one that is only equal."""
    from pydicom.tag import BaseTag

    return BaseTag(number)


@functools.cache
def _keyword_tag(keyword: str) -> Any:
    from pydicom.datadict import tag_for_keyword

    return header_tag(tag_for_keyword(keyword))


@functools.lru_cache(maxsize=_MOST_KEPT)
def _converted(element: Any) -> Any:
    from pydicom.dataelem import convert_raw_data_element

    return convert_raw_data_element(element).value
