# SPDX-License-Identifier: Apache-2.0
"""Which series a DICOM segmentation or structure set was drawn on, and whether a scan is of that series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_medglip.errors import DataError

__all__ = ["SeriesIdentity", "why_not_of"]


@dataclass(frozen=True)
class SeriesIdentity:
    """By what other objects refer to a series.

    Args:
        series: SeriesInstanceUID.
        frame_of_reference: FrameOfReferenceUID, empty where there is none.
        instances: SOPInstanceUIDs of the images that were read.
    """

    series: str
    frame_of_reference: str
    instances: frozenset[str]

    @classmethod
    def read(cls, image: Path, instances: tuple[str, ...]) -> SeriesIdentity:
        """Read it from a header of the series.

        Args:
            image: the folder of the series, or a file.
            instances: SOPInstanceUIDs of the images that were read.

        Raises:
            DataError: when there is no DICOM header.
        """
        from pydicom import dcmread
        from pydicom.errors import InvalidDicomError

        tags = ["SeriesInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID"]
        for path in sorted(image.iterdir()) if image.is_dir() else [image]:
            try:
                with path.open("rb") as file:
                    header = dcmread(file, stop_before_pixels=True, specific_tags=tags)
            except (InvalidDicomError, OSError):
                continue
            if header.get("SOPInstanceUID") in instances:
                return cls(
                    str(header.get("SeriesInstanceUID", "")),
                    str(header.get("FrameOfReferenceUID", "")),
                    frozenset(instances),
                )
        raise DataError(f"{image}: expected a DICOM header of the series that was read, found none")


def why_not_of(dataset: Any, series: SeriesIdentity, *, by_position: bool) -> str | None:
    """Say why a segmentation or structure set is not of a series; None where it is.

    Args:
        dataset: the pydicom data set.
        series: the series.
        by_position: whether the same frame of reference is enough, for data whose UIDs were replaced.
    """
    # Asked for one after the other: an object of many frames names its series first, and is walked through slowly.
    if series.series in _uids(dataset, "SeriesInstanceUID", _SERIES_SEQUENCES):
        return None
    instances = _uids(dataset, "ReferencedSOPInstanceUID", _IMAGE_SEQUENCES)
    if any(instance in series.instances for instance in instances):
        return None
    frames = {str(dataset.get("FrameOfReferenceUID", "")), *_uids(dataset, "FrameOfReferenceUID", _FRAME_SEQUENCES)}
    frames -= {""}
    if by_position and (not frames or not series.frame_of_reference or series.frame_of_reference in frames):
        return None
    referenced = set(_uids(dataset, "SeriesInstanceUID", _SERIES_SEQUENCES))
    where = f"in the frame of reference {', '.join(sorted(frames)) or 'that it does not name'}"
    return f"refers to the series {', '.join(sorted(referenced)) or 'that it does not name'} {where}"


_SERIES_SEQUENCES = ("ReferencedSeriesSequence", "RTReferencedSeriesSequence")
_IMAGE_SEQUENCES = ("ContourImageSequence", "SourceImageSequence")
_FRAME_SEQUENCES = ("ReferencedFrameOfReferenceSequence",)


def _uids(dataset: Any, keyword: str, sequences: tuple[str, ...]) -> Iterator[str]:
    """Give the UIDs of a keyword in the items of some sequences, wherever in a data set these are."""
    for element in dataset:
        if element.VR != "SQ":
            continue
        for item in element.value:
            if element.keyword in sequences and item.get(keyword):
                yield str(item.get(keyword))
            yield from _uids(item, keyword, sequences)
