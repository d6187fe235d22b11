# SPDX-License-Identifier: Apache-2.0
"""The texts, dates and UIDs in the headers of DICOM files, as identifiers to look for."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.privacy.identifier import Identifier, spellings_of_date
from monai_medglip.readers.library_errors import import_extra, logged_warnings

__all__ = ["header_values", "without_header_values"]

_TEXTS = frozenset(("AE", "AS", "LO", "LT", "SH", "ST", "TM", "UC", "UR", "UT"))
_DATES = frozenset(("DA", "DT"))

_OF_THE_STANDARD = "1.2.840.10008."
"""The UIDs of DICOM itself, which tell kinds and no patients."""

_LABELS = frozenset(
    (
        "CodeMeaning",
        "CodeValue",
        "CodingSchemeDesignator",
        "ROIName",
        "ROIObservationLabel",
        "SegmentDescription",
        "SegmentLabel",
    )
)
"""What names the drawn things and their codes: the labels of the data set, which a store is made of."""

_PLACEHOLDERS = frozenset(("anonymized", "anonymous", "default", "none", "other", "removed", "test", "unknown"))
"""What stands in headers where nothing is said."""

_UID = re.compile(r"(?<![\w.])[0-2](?:\.\d+){5,}(?![\w])")


def header_values(root: Path) -> set[Identifier]:
    """Give what the headers of all DICOM files in a folder say in words, dates and UIDs.

    Labels of segments and structures are left out, and so are words of DICOM's own vocabulary (code strings) and what
    says nothing, such as UNKNOWN or 000000.

    Args:
        root: a folder, looked through with all below, or one file.

    Raises:
        ImageReadError: when the extra ``dicom`` is not installed.
    """
    import_extra("pydicom", "dicom", root)
    files = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else [root]
    return {identifier for file in files for identifier in _of_file(file)}


def without_header_values(text: str, image: Path) -> str:
    """Take out of a text what the headers of an image say, and every UID.

    Args:
        text: such as the message of an error.
        image: a file, or the folder of a series, of which one header is read; of any format.
    """
    text = _UID.sub("(UID)", text)
    for identifier in sorted(_of_one_file(image), key=lambda identifier: -len(identifier.text)):
        if identifier.is_long_enough:
            text = re.sub(re.escape(identifier.text), f"({identifier.kind})", text, flags=re.IGNORECASE)
    return text


def _of_one_file(image: Path) -> set[Identifier]:
    try:
        files = sorted(image.iterdir()) if image.is_dir() else [image]
        return next(filter(None, map(_of_file, files)), set())
    except (OSError, ImportError):
        return set()  # an image that is not there has no header; without pydicom none was read


def _of_file(file: Path) -> set[Identifier]:
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    found: set[Identifier] = set()
    # A damaged header makes pydicom raise nearly anything; what could be read of it is given.
    with (
        logged_warnings(file),
        contextlib.suppress(
            InvalidDicomError, OSError, ValueError, KeyError, AttributeError, TypeError, NotImplementedError
        ),
    ):
        with file.open("rb") as stored:
            header = dcmread(stored, stop_before_pixels=True)
        for dataset in (header, header.file_meta):
            found.update(_of_dataset(dataset))
    return found


def _of_dataset(dataset: Any) -> Iterator[Identifier]:
    for element in dataset:
        if element.VR == "SQ":
            for entry in element.value:
                yield from _of_dataset(entry)
            continue
        kind = element.keyword or str(element.tag)
        if kind in _LABELS:
            continue
        values = element.value if isinstance(element.value, (list, tuple)) or element.VM > 1 else [element.value]
        for value in values:
            yield from (Identifier(text, kind) for text in _spellings(element.VR, str(value)) if _tells(text))


def _tells(text: str) -> bool:
    return text.casefold() not in _PLACEHOLDERS and len({sign for sign in text if sign.isalnum()}) > 1


def _spellings(kind: str, value: str) -> Iterator[str]:
    """Give how a value may be written elsewhere."""
    value = value.strip()
    if kind == "PN":
        yield value
        parts = [part for part in re.split(r"[\^=\s]+", value) if part]
        yield from parts
        yield " ".join(parts)
        yield ", ".join(parts)
    elif kind in _DATES:
        yield from spellings_of_date(value[:8])
    elif kind in _TEXTS or (kind == "UI" and not value.startswith(_OF_THE_STANDARD)):
        yield value
