# SPDX-License-Identifier: Apache-2.0
"""What a series says of itself before its pixels are read: enough to choose it, to group files and to refuse it.

Only the head of a file is parsed, up to the description of the pixels. What goes wrong in a damaged or hostile file is
an answer here, not an error: such a file has no head.
"""

from __future__ import annotations

import io
import logging
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydicom.filereader import read_dataset, read_file_meta_info, read_partial

from monai_medglip.dicom import MANUFACTURER
from monai_medglip.imaging import Modality
from monai_medglip.readers.dicom_body_region import body_region
from monai_medglip.readers.dicom_plain_header import plain_header
from monai_medglip.readers.dicom_values import header_value

__all__ = ["SeriesFacts", "SeriesFiles", "find_series", "read_head"]

_LOGGER = logging.getLogger(__name__)
_FIRST_GROUP_OF_PIXELS = 0x0028
_DEFLATED = "1.2.840.10008.1.2.1.99"
_MOST_OF_A_DEFLATED_HEAD = 2**20
_LOOKED_AT = (
    *("SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "BodyPartExamined"),
    *("ImageType", "SeriesDescription", "ProtocolName", "StudyDescription", "Manufacturer"),
)
_PLAIN_HEAD_BYTES = 2**16
_BEFORE_META, _GROUP_LENGTH_ELEMENT = 132, 12


@dataclass(frozen=True)
class SeriesFacts:
    """One series.

    Attributes:
        series_uid: its SeriesInstanceUID, "" where the header has none.
        modality: of the project's list.
        body_region: of the ontology, None where the header does not tell.
        image_type: values of ImageType, upper case.
        description: descriptions of series, protocol and study, one after another.
        images: number of files.
        is_result: whether it is one of our own results.
    """

    series_uid: str
    modality: Modality
    body_region: str | None
    image_type: tuple[str, ...]
    description: str
    images: int
    is_result: bool = False

    @classmethod
    def of(cls, head: Any, images: int) -> SeriesFacts:
        """Read them from the head of one of the files.

        Args:
            head: what `read_head` gives.
            images: number of files of the series.
        """
        words = (head.get(keyword) for keyword in ("SeriesDescription", "ProtocolName", "StudyDescription"))
        return cls(
            series_uid=str(head.get("SeriesInstanceUID") or ""),
            modality=Modality.from_dicom(str(head.get("Modality") or "")),
            body_region=body_region(str(head.get("BodyPartExamined") or "")),
            image_type=_image_type(head),
            description=" | ".join(str(word) for word in words if word),
            images=images,
            is_result=str(head.get("Manufacturer") or "") == MANUFACTURER,
        )


@dataclass(frozen=True)
class SeriesFiles:
    """A series and where it lies.

    Attributes:
        facts: what it says of itself.
        paths: its files.
        head: the head of the first one that is no localizer.
    """

    facts: SeriesFacts
    paths: tuple[Path, ...]
    head: Any


def read_head(path: Path) -> Any:
    """Give the elements of a DICOM file before those of its pixels, None where there are none to be had."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's, on harmless breaches of the standard
            head = _head_of(path)
            # values are converted when they are first looked at, which may raise as well
            told = [header_value(head, keyword) for keyword in _LOOKED_AT]
        return head if any(told) else None
    except Exception as error:  # a hostile file may raise anything, also MemoryError and RecursionError
        _LOGGER.info("left out a file without a DICOM header: %s", type(error).__name__)
        return None


def find_series(folder: Path) -> tuple[SeriesFiles, ...]:
    """Give the series in a folder and below, in the order of their UIDs; files that are no DICOM are left out."""
    heads: dict[str, list[tuple[Path, Any]]] = {}
    for path in sorted(file for file in folder.rglob("*") if file.is_file() and file.name.upper() != "DICOMDIR"):
        head = read_head(path)
        if head is not None:
            heads.setdefault(str(head.get("SeriesInstanceUID") or ""), []).append((path, head))
    return tuple(
        _series([path for path, _ in found], [head for _, head in found]) for _, found in sorted(heads.items())
    )


def _series(paths: Sequence[Path], heads: Sequence[Any]) -> SeriesFiles:
    """A series told by its first image that is no localizer: readers leave these out beside others."""
    head = next((head for head in heads if "LOCALIZER" not in _image_type(head)), heads[0])
    return SeriesFiles(SeriesFacts.of(head, len(heads)), tuple(paths), head)


def _image_type(head: Any) -> tuple[str, ...]:
    kinds = head.get("ImageType") or ()
    return tuple(str(kind).upper() for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _head_of(path: Path) -> Any:
    with path.open("rb") as file:
        plain = plain_header(file.read(_PLAIN_HEAD_BYTES), before_group=_FIRST_GROUP_OF_PIXELS)
    if plain is not None:
        return plain[0]
    meta = read_file_meta_info(path)
    with path.open("rb") as file:
        if str(meta.get("TransferSyntaxUID")) == _DEFLATED:
            return _deflated_head(file.read(2 * _MOST_OF_A_DEFLATED_HEAD), meta)
        return read_partial(cast(Any, file), stop_when=_describes_pixels)


def _describes_pixels(tag: Any, *_: object) -> bool:
    return int(tag.group) >= _FIRST_GROUP_OF_PIXELS


def _deflated_head(start: bytes, meta: Any) -> Any:
    """The head of a deflated file, of which at most a megabyte is unpacked: it may be a bomb."""
    begin = _BEFORE_META + _GROUP_LENGTH_ELEMENT + int(meta.FileMetaInformationGroupLength)
    unpacked = zlib.decompressobj(-zlib.MAX_WBITS).decompress(start[begin:], _MOST_OF_A_DEFLATED_HEAD)
    return read_dataset(
        cast(Any, io.BytesIO(unpacked)), is_implicit_VR=False, is_little_endian=True, stop_when=_describes_pixels
    )
