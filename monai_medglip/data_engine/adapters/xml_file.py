# SPDX-License-Identifier: Apache-2.0
"""Annotation files in XML: read whole, and asked for what must be in them; a file that declares entities is refused.

Declared entities unfold to gigabytes before anybody can look at them.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from monai_medglip.errors import DataError
from monai_medglip.readers.library_errors import import_extra

__all__ = ["read_xml", "xml_number", "xml_text"]


def read_xml(path: Path, kind: str) -> Any:
    """Read an XML file.

    Args:
        path: the file.
        kind: what messages say that it should hold, such as "boxes".

    Returns:
        The root element.

    Raises:
        DataError: when it is not there, no XML, or declares entities.
    """
    parser = import_extra("defusedxml.ElementTree", "data", path)
    try:
        with path.open("rb") as file:
            return parser.parse(file, forbid_dtd=True).getroot()
    # defusedxml's refusals are ValueErrors, a syntax error of XML is a SyntaxError.
    except (OSError, ValueError, SyntaxError) as problem:
        raise DataError(
            f"{path}: expected an XML file of {kind} without declared entities, got: {problem}"
        ) from problem


def xml_text(entry: Any, name: str, where: str) -> str:
    """Give the text of a child element.

    Raises:
        DataError: when there is no such child, or it is empty.
    """
    text = (entry.findtext(name) or "").strip()
    if not text:
        raise DataError(f"{where}: expected a text in <{name}>, there is none")
    return text


def xml_number(text: str | None, name: str, where: str) -> float:
    """Give the number in the text of an element or attribute.

    Raises:
        DataError: when there is no text, or no finite number in it.
    """
    try:
        number = float(text or "")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{where}: expected a number in {name}, got {text!r}")
    return number
