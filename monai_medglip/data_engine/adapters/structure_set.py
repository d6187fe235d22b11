# SPDX-License-Identifier: Apache-2.0
"""A DICOM RTSTRUCT on the grid of its series: each region of interest as the mask that its contours enclose."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.contour_fill import fill_contours
from monai_medglip.data_engine.adapters.dicom_slices import MOST_SLICES_APART, SliceFinder
from monai_medglip.data_engine.adapters.slice_stack import mask_of_slices
from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["structure_annotations"]

_LOGGER = logging.getLogger(__name__)

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")

_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


def structure_annotations(dataset: Any, scan: Scan, where: str) -> tuple[Annotation, ...]:
    """Give one annotation for each region of interest that encloses at least one pixel.

    Contours on one slice are combined by the even-odd rule, so that a contour inside of another one is a hole.

    Args:
        dataset: the pydicom data set.
        scan: the series, whose frame tells where its slices lie; they may be oblique.
        where: the file, for messages.

    Raises:
        DataError: when a contour is damaged, lies in no slice, or refers to another slice than it lies in.
    """
    names = {int(roi.ROINumber): str(roi.get("ROIName", "")).strip() for roi in dataset.StructureSetROISequence}
    types = {
        int(entry.ReferencedROINumber): str(entry.get("RTROIInterpretedType") or "")
        for entry in dataset.get("RTROIObservationsSequence") or ()
    }
    slices = SliceFinder.of(scan)
    annotations = []
    for region in dataset.get("ROIContourSequence") or ():
        number = int(region.ReferencedROINumber)
        if not names.get(number):
            raise DataError(f"{where}: expected a name of the region of interest {number}, there is none")
        mask = _mask(region, scan, slices, f"{where}, {names[number]!r}")
        if mask is not None:
            told = (("interpreted_type", types[number]),) if types.get(number) else ()
            annotations.append(Annotation(names[number], mask=mask, attributes=told))
    return tuple(annotations)


def _mask(region: Any, scan: Scan, slices: SliceFinder, where: str) -> MaskRLE | None:
    """Give a region's mask, None where nothing is enclosed."""
    on_slice: dict[int, list[npt.NDArray[np.float64]]] = {}
    for index, contour in _contours(region, scan, slices, where):
        on_slice.setdefault(index, []).append(contour)
    plane = (scan.spatial_shape[0], scan.spatial_shape[1])
    stack = np.zeros((slices.count, *plane[::-1]), bool)
    for index, contours in on_slice.items():
        stack[index] = fill_contours(contours, plane).T
    return mask_of_slices(stack, scan.spatial_shape)


def _contours(
    region: Any, scan: Scan, slices: SliceFinder, where: str
) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
    """Give the slice of each closed contour, and its points (N, 2) as indices in the slice."""
    for number, contour in enumerate(region.get("ContourSequence") or (), start=1):
        at = f"{where}, contour {number}"
        kind = str(contour.get("ContourGeometricType", ""))
        if kind not in _CLOSED:
            _LOGGER.info("%s: left out, a contour of type %s encloses nothing", at, kind or "that is not told")
            continue
        indices = _indices(contour, scan, at)
        depth = indices[:, 2]
        if np.ptp(depth) > 2 * MOST_SLICES_APART:
            raise DataError(
                f"{at}: expected a contour in the plane of the slices, it goes from slice {depth.min():.2f} to "
                f"{depth.max():.2f}; was it drawn on another series?"
            )
        image = (contour.get("ContourImageSequence") or [{}])[0]
        instance, frame = image.get("ReferencedSOPInstanceUID"), int(image.get("ReferencedFrameNumber") or 1)
        yield slices.find(instance, frame, float(depth.mean()), at), indices[:, :2]


def _indices(contour: Any, scan: Scan, where: str) -> npt.NDArray[np.float64]:
    """Give a contour's points (N, 3) as voxel-center indices; in a 2D scan the third is the distance from its plane."""
    try:
        points = np.asarray(contour.get("ContourData") or (), dtype=np.float64)
    except (TypeError, ValueError):
        points = np.zeros(0)
    if points.size < 9 or points.size % 3 or not np.isfinite(points).all():
        raise DataError(f"{where}: expected at least three points of three numbers, got {points.size} numbers")
    world = points.reshape(-1, 3) * _LPS_TO_RAS
    affine = scan.frame.affine
    indices: npt.NDArray[np.float64] = np.linalg.solve(affine[:3, :3], (world - affine[:3, 3]).T).T
    return indices
