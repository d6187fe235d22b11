# SPDX-License-Identifier: Apache-2.0
"""One stack of DICOM planes, or one plane, as a `Scan`; or the reason why it is no regular grid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import UnsupportedImageError
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.readers.dicom_body_region import body_region
from monai_medglip.readers.dicom_pixels import color_picture, fill_padding, grey_slices, padded_slices
from monai_medglip.readers.dicom_place import plane_frame
from monai_medglip.readers.dicom_plane import ImagePlane
from monai_medglip.readers.dicom_stack import PlaneStack
from monai_medglip.readers.dicom_tilt import Tilt, straight_frame, straighten
from monai_medglip.readers.grid_checks import check_size

__all__ = ["picture_scan", "volume_scan"]


def picture_scan(path: Path, plane: ImagePlane, modality: Modality | None) -> Scan:
    """Read a plane as a picture.

    Args:
        path: what the user gave, the scan's source.
        plane: the plane.
        modality: what the user says; by default the header's.

    Returns:
        Float32 (1, x, y), or RGB uint8 (3, x, y), with its plane in space where the header tells it.
    """
    frame = plane_frame(plane)
    check_size(path, frame.shape)
    if plane.instance.is_color:
        return _scan(path, color_picture(plane), frame, [plane], modality)
    return _scan(path, grey_slices([plane]).transpose(0, 2, 1), frame, [plane], modality)


def volume_scan(path: Path, stack: PlaneStack, modality: Modality | None, tilt: Tilt) -> Scan:
    """Read a stack as a volume.

    Args:
        path: what the user gave, the scan's source.
        stack: at least two planes.
        modality: what the user says; by default the header's.
        tilt: what is done with a sheared stack.

    Returns:
        Float32 (1, x, y, z), z along the planes' normal.

    Raises:
        UnsupportedImageError: when the planes are not a regular grid; all that was found is named.
    """
    _refuse_irregular(path, stack, tilt)
    is_resampled = stack.is_tilted
    frame = straight_frame(stack) if is_resampled else stack.frame
    check_size(path, frame.shape)
    slices = fill_padding(straighten(stack, padded_slices(stack.planes))) if is_resampled else grey_slices(stack.planes)
    # (z, y, x) seen as (1, x, y, z); the pixels stay in the order in which they were written.
    array = slices.T[None]
    return _scan(path, array, frame, stack.planes, modality, told_apart=stack.told_apart, is_resampled=is_resampled)


def _refuse_irregular(path: Path, stack: PlaneStack, tilt: Tilt) -> None:
    problems = stack.irregularities()
    advice = "Resample the series to a regular grid first, or give single slices"
    if stack.is_tilted and tilt is Tilt.REFUSE:
        if not problems:
            advice = "read_dicom_volumes(path, tilt='resample') moves the slices onto an orthogonal grid"
        problems.insert(0, f"a gantry tilt (shear) of {stack.tilt_degrees:.1f} degrees")
    if problems:
        which = f" in the volume of {stack.told_apart}" if stack.told_apart else ""
        raise UnsupportedImageError(
            f"{path}: expected slices on one regular grid, found {'; '.join(problems)}{which}. {advice}"
        )


def _scan(
    path: Path,
    array: npt.NDArray[np.generic],
    frame: Frame,
    planes: Sequence[ImagePlane],
    modality: Modality | None,
    *,
    told_apart: str = "",
    is_resampled: bool = False,
) -> Scan:
    first = planes[0]
    has_frames = any(plane.instance.number_of_frames > 1 for plane in planes)
    source = ImageSource(
        str(path),
        tuple(plane.text("SOPInstanceUID") for plane in planes),
        frame_numbers=tuple(plane.frame_number for plane in planes) if has_frames else (),
        volume=told_apart,
        is_resampled=is_resampled,
    )
    told = modality or Modality.from_dicom(first.text("Modality"))
    return Scan(array, frame, told, source, body_region(first.text("BodyPartExamined")))
