# SPDX-License-Identifier: Apache-2.0
"""The XML file of a scan of LIDC-IDRI: what each of up to four radiologists outlined, not yet compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.contour_fill import fill_contours
from monai_medglip.data_engine.adapters.dicom_slices import SliceFinder, refuse_resampled
from monai_medglip.data_engine.adapters.xml_file import read_xml, xml_number, xml_text
from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["DrawnNodule", "drawn_nodules"]

_SPACE = "{http://www.nih.gov}"

_RATINGS = (
    "subtlety",
    "internalStructure",
    "calcification",
    "sphericity",
    "margin",
    "lobulation",
    "spiculation",
    "texture",
    "malignancy",
)


@dataclass(frozen=True)
class DrawnNodule:
    """A nodule as one radiologist drew it.

    Args:
        reader: the number of the reading in the file, from 1.
        mask: the voxels inside of the outlines, (x, y, z).
        ratings: what the radiologist judged of it, 1 to 5 or 6 by name.
    """

    reader: int
    mask: MaskRLE
    ratings: tuple[tuple[str, str], ...]


def drawn_nodules(path: Path, scan: Scan) -> list[DrawnNodule]:
    """Give the nodules of all readings in the order of the file.

    The points of an outline are pixels just outside of the nodule, so the line itself is no part of it. Nodules under 3
    mm and other findings are marked by a single point, have no extent and are left out.

    Args:
        path: the XML file.
        scan: the series.

    Raises:
        DataError: when the file is no such reading, is of another series, or a number is damaged.
    """
    root = read_xml(path, "readings of LIDC-IDRI")
    if root.tag != f"{_SPACE}LidcReadMessage":
        raise DataError(f"{path}: expected a reading of a CT of LIDC-IDRI (LidcReadMessage), got <{root.tag}>")
    refuse_resampled(scan, str(path))
    slices = SliceFinder.of(scan)
    nodules = []
    for reader, session in enumerate(root.iter(f"{_SPACE}readingSession"), start=1):
        for number, entry in enumerate(session.iter(f"{_SPACE}unblindedReadNodule"), start=1):
            mask = _mask(entry, scan, slices, f"{path}, reading {reader}, nodule {number}")
            if mask is not None:
                nodules.append(DrawnNodule(reader, mask, tuple(_ratings(entry))))
    return nodules


def _mask(entry: Any, scan: Scan, slices: SliceFinder, where: str) -> MaskRLE | None:
    """Give the voxels inside of a nodule's outlines, None where there are none."""
    plane = (scan.spatial_shape[0], scan.spatial_shape[1])
    inside, excluded = np.zeros((*plane, slices.count), bool), np.zeros((*plane, slices.count), bool)
    for roi in entry.iter(f"{_SPACE}roi"):
        points = np.array(
            [
                [xml_number(xml_text(edge, f"{_SPACE}{axis}", where), axis, where) for axis in ("xCoord", "yCoord")]
                for edge in roi.iter(f"{_SPACE}edgeMap")
            ]
        )
        if len(points) < 3:
            continue
        place = slices.find(xml_text(roi, f"{_SPACE}imageSOP_UID", where), 1, None, where)
        is_hole = (roi.findtext(f"{_SPACE}inclusion") or "TRUE").strip().upper() == "FALSE"
        (excluded if is_hole else inside)[:, :, place] |= _inside(points, plane)
    inside &= ~excluded
    return MaskRLE.encode(inside.reshape(scan.spatial_shape)) if inside.any() else None


def _inside(points: npt.NDArray[np.float64], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    mask = fill_contours([points], shape)
    columns, rows = points.round().astype(int).T
    on_image = (columns >= 0) & (columns < shape[0]) & (rows >= 0) & (rows < shape[1])
    mask[columns[on_image], rows[on_image]] = False
    return mask


def _ratings(entry: Any) -> Iterator[tuple[str, str]]:
    for name in _RATINGS:
        text = (entry.findtext(f"{_SPACE}characteristics/{_SPACE}{name}") or "").strip()
        if text:
            yield name, text
