# SPDX-License-Identifier: Apache-2.0
"""The DICOM images that a scan was read from, as headers: what results refer to and take the patient from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.imaging import Scan

__all__ = ["SourceImages", "completed_header"]

# Elements of type 2 of the patient and the study: they may be empty, but results must have them.
_MAY_BE_EMPTY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime"),
    *("AccessionNumber", "ReferringPhysicianName", "SeriesNumber"),
)


@dataclass(frozen=True)
class SourceImages:
    """Headers without pixels of one series.

    Attributes:
        headers: one data set for each index of the scan's last axis; a single one for a 2D image.
    """

    headers: tuple[pydicom.Dataset, ...]

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
        return cls(tuple(completed_header(found[uid]) for uid in wanted))

    @property
    def first(self) -> pydicom.Dataset:
        """The header that attributes of patient, study and series are taken from."""
        return self.headers[0]

    def slice_of(self, index: int) -> pydicom.Dataset:
        """The header of one index of the scan's last axis; of a 2D image, of its only one."""
        return self.headers[index] if len(self.headers) > 1 else self.first


def completed_header(header: pydicom.Dataset) -> pydicom.Dataset:
    """Give a header in which nothing is missing that a result takes from it: what may be empty is added as empty.

    Raises:
        ImageReadError: when it does not name its study, its series or itself.
    """
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not header.get(keyword):
            raise ImageReadError(
                f"expected {keyword} in the header of a DICOM image, it is missing; correct the header"
            )
    for keyword in _MAY_BE_EMPTY:
        if keyword not in header:
            setattr(header, keyword, None if keyword == "SeriesNumber" else "")
    return header


def _header(file: Path) -> Any:
    try:
        return pydicom.dcmread(file, stop_before_pixels=True)
    except pydicom.errors.InvalidDicomError:
        return None
