# SPDX-License-Identifier: Apache-2.0
"""The DICOM images that a scan was read from, as headers: what results refer to and take the patient from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.multival import MultiValue

from monai_medglip.dicom.patient_text import decode_as_utf8
from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.imaging import Scan

__all__ = ["SourceImages", "completed_header"]

# Elements of type 2: they may be empty, but results are made of them.
_MAY_BE_EMPTY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime"),
    *("AccessionNumber", "ReferringPhysicianName", "SeriesNumber", "SliceThickness"),
)
_NUMBERS = ("SeriesNumber", "SliceThickness")
_SQUARE = 1e-3


@dataclass(frozen=True)
class SourceImages:
    """Headers without pixels of one series.

    Attributes:
        headers: one data set for each index of the scan's last axis; a single one for a 2D image.
        frame_numbers: which frame of each, counted from 1; () where the instances have a single frame.
        is_resampled: whether the scan's pixels are not those of the instances, as after a gantry tilt was undone:
            places in the patient hold, columns and rows do not.
    """

    headers: tuple[pydicom.Dataset, ...]
    frame_numbers: tuple[int, ...] = ()
    is_resampled: bool = False

    @classmethod
    def of(cls, scan: Scan) -> SourceImages:
        """Read the headers of the files that a scan came from.

        Args:
            scan: read from a DICOM file or the folder of a series, which is still there.

        Raises:
            UnsupportedImageError: when the scan did not come from DICOM.
            ImageReadError: when an instance is no longer in its place.
        """
        wanted, path = scan.source.sop_instance_uids, scan.source.path
        if not wanted or path is None:
            raise UnsupportedImageError(f"expected a scan that was read from DICOM, got {scan!r}")
        place = Path(path)
        files = sorted(file for file in place.iterdir() if file.is_file()) if place.is_dir() else [place]
        found = {str(header.get("SOPInstanceUID")): header for header in map(_header, files) if header is not None}
        missing = [uid for uid in wanted if uid not in found]
        if missing:
            raise ImageReadError(
                f"{place}: expected the {len(wanted)} DICOM instances that the scan was read from, {len(missing)} are "
                "no longer there; read the scan again"
            )
        headers = tuple(completed_header(found[uid]) for uid in wanted)
        return cls(headers, scan.source.frame_numbers, scan.source.is_resampled)

    @property
    def first(self) -> pydicom.Dataset:
        """The header that attributes of patient, study and series are taken from."""
        return self.headers[0]

    @property
    def instances(self) -> list[pydicom.Dataset]:
        """The headers, each once: several slices may be frames of one instance."""
        return list({str(header.SOPInstanceUID): header for header in self.headers}.values())

    @property
    def has_square_pixels(self) -> bool:
        """Whether no header tells that rows lie closer or farther apart than columns, by more than a thousandth."""
        spacings = (spacing for header in self.headers for spacing in _pixel_spacings(header))
        return all(abs(rows - columns) <= _SQUARE * columns for rows, columns in spacings)

    def frames_of(self, index: int) -> list[int] | None:
        """The number of the frame at one index of the scan's last axis, None where instances have a single frame."""
        return [self.frame_numbers[index if len(self.headers) > 1 else 0]] if self.frame_numbers else None

    def slice_of(self, index: int) -> pydicom.Dataset:
        """The header of one index of the scan's last axis; of a 2D image, of its only one."""
        return self.headers[index] if len(self.headers) > 1 else self.first


def completed_header(header: pydicom.Dataset) -> pydicom.Dataset:
    """Give a header of which results can be made: what may be empty is there, and text is UTF-8 whatever it was.

    Raises:
        ImageReadError: when it does not name its study, its series or itself.
    """
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not header.get(keyword):
            raise ImageReadError(
                f"expected {keyword} in the header of a DICOM image, it is missing; correct the header"
            )
    decode_as_utf8(header)
    for keyword in _MAY_BE_EMPTY:
        if keyword not in header:
            setattr(header, keyword, None if keyword in _NUMBERS else "")
    return header


def _pixel_spacings(header: pydicom.Dataset) -> Iterator[tuple[float, float]]:
    """Distances of rows and of columns as a header tells them: of the image, of the detector, and of frames."""
    groups = [
        *header.get("SharedFunctionalGroupsSequence", ()),
        *header.get("PerFrameFunctionalGroupsSequence", ()),
    ]
    measures = (item for group in groups for item in group.get("PixelMeasuresSequence", ()))
    for place in (header, *measures):
        for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
            spacing = place.get(keyword)
            if isinstance(spacing, MultiValue) and len(spacing) == 2:
                yield float(spacing[0]), float(spacing[1])


def _header(file: Path) -> Any:
    try:
        return pydicom.dcmread(file, stop_before_pixels=True)
    except Exception:  # of a file that is no part of the scan; a part that is missing is told
        return None
