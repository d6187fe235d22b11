# SPDX-License-Identifier: Apache-2.0
"""Reading DICOM through pydicom: files and series, classic and enhanced, as volumes and pictures.

A volume is a regular grid or it is refused, with what was found. What belongs together is `dicom_splitting`, pixels are
`dicom_pixels`, places are `dicom_place` and `dicom_stack`. Writing DICOM is no reader's work.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from monai_medglip.errors import ConfigurationError, UnsupportedImageError
from monai_medglip.imaging import Modality, Scan
from monai_medglip.readers.dicom_instance import read_instance
from monai_medglip.readers.dicom_place import place_of
from monai_medglip.readers.dicom_plane import ImagePlane, planes_of
from monai_medglip.readers.dicom_series import series_planes
from monai_medglip.readers.dicom_splitting import split_planes
from monai_medglip.readers.dicom_stack import PlaneStack
from monai_medglip.readers.dicom_tilt import Tilt
from monai_medglip.readers.dicom_volume import picture_scan, volume_scan
from monai_medglip.readers.library_errors import library_errors, logged_warnings

__all__ = ["read_dicom", "read_dicom_frame", "read_dicom_volumes"]

_MOST_NAMED = 6


def read_dicom(path: Path, *, modality: Modality | None = None) -> Scan:
    """Read the one volume or picture of a DICOM file or of the folder of a series.

    Args:
        path: the file, with or without suffix, or the folder.
        modality: what the user says; by default the header's.

    Returns:
        A volume (1, x, y, z) or a picture (C, x, y), see `read_dicom_volumes`.

    Raises:
        ImageReadError: when a file is damaged, or pydicom is not installed.
        UnsupportedImageError: when there are several volumes; they are named, with the functions that read them.
    """
    with library_errors(path, "DICOM image"), logged_warnings(path):
        parts = _parts(path)
        _refuse_several(path, parts)
        return _scan(path, parts[0], modality, Tilt.REFUSE)


def read_dicom_volumes(
    folder: str | os.PathLike[str], *, modality: str | Modality | None = None, tilt: str | Tilt = Tilt.REFUSE
) -> tuple[Scan, ...]:
    """Read all volumes and pictures of a DICOM series.

    A series may hold several orientations, sizes, phases, echoes, b-values or acquisitions; each complete volume
    becomes a scan. Color images, frames of clips and images without a place in the patient become one 2D scan each.
    Files that are not DICOM are left out, and so are localizers beside other images.

    Args:
        folder: the folder of one series, without folders inside it; or a single file, such as an enhanced one.
        modality: overrules what the files say, such as "MR".
        tilt: what is done with slices that a tilted gantry shifted against each other.

    Returns:
        At least one scan: float32 (1, x, y, z) with z along the slices' normal, float32 (1, x, y), or RGB uint8
        (3, x, y). ``source.volume`` says what tells a volume from others at the same place; instances and frame numbers
        are in the order of z.

    Raises:
        ImageReadError: when there is no DICOM file, or one is damaged.
        UnsupportedImageError: when one of the volumes is no regular grid.
        ConfigurationError: when there is no such modality or way with tilt.

    Example:
        >>> [scan.source.volume for scan in read_dicom_volumes("mr/dual_echo")]  # doctest: +SKIP
        ['EchoTime 12', 'EchoTime 96']
    """
    told, way = None if modality is None else Modality.parse(modality), _parse_tilt(tilt)
    path = Path(folder).expanduser()
    with library_errors(path, "DICOM image"), logged_warnings(path):
        return tuple(_scan(path, part, told, way) for part in _parts(path))


def read_dicom_frame(path: str | os.PathLike[str], number: int, *, modality: str | Modality | None = None) -> Scan:
    """Read one frame of a DICOM file with several, such as an ultrasound clip.

    Args:
        path: the file.
        number: which frame, counted from 1 as DICOM does.
        modality: overrules what the file says, such as "US".

    Returns:
        A 2D scan, float32 (1, x, y) or RGB uint8 (3, x, y).

    Raises:
        ImageReadError: when the file is damaged.
        UnsupportedImageError: for objects without a picture.
        ConfigurationError: when the file has no such frame.
    """
    told = None if modality is None else Modality.parse(modality)
    source = Path(path).expanduser()
    with library_errors(source, "DICOM image"), logged_warnings(source):
        planes = planes_of(read_instance(source))
        if not 1 <= number <= len(planes):
            raise ConfigurationError(f"{source}: expected a frame number from 1 to {len(planes)}, got {number}")
        return _scan(source, planes[number - 1], told, Tilt.REFUSE)


def _parts(path: Path) -> list[PlaneStack | ImagePlane]:
    return split_planes(series_planes(path))


def _scan(path: Path, part: PlaneStack | ImagePlane, modality: Modality | None, tilt: Tilt) -> Scan:
    if isinstance(part, PlaneStack):
        return volume_scan(path, part, modality, tilt)
    return picture_scan(path, part, modality)


def _parse_tilt(tilt: str | Tilt) -> Tilt:
    try:
        return Tilt(tilt)
    except ValueError as error:
        words = ", ".join(repr(way.value) for way in Tilt)
        raise ConfigurationError(f"expected a way with tilt, one of {words}; got {tilt!r}") from error


def _refuse_several(path: Path, parts: Sequence[PlaneStack | ImagePlane]) -> None:
    if len(parts) == 1:
        return
    pictures = [part for part in parts if isinstance(part, ImagePlane)]
    if len(pictures) == len(parts) and all(plane.is_clip_frame for plane in pictures):
        raise UnsupportedImageError(
            f"{path}: expected one picture, found {len(parts)} frames; read_dicom_frame(file, number) reads one of "
            "them, read_dicom_volumes(path) all"
        )
    named = [_description(part) for part in parts if isinstance(part, PlaneStack)]
    placeless = sum(place_of(plane) is None for plane in pictures)
    if len(pictures) > placeless:
        named.append(f"{len(pictures) - placeless} slice(s) with none of the same size, spacing, plane and stack")
    if placeless:
        named.append(f"{placeless} picture(s) in color or without position, orientation or pixel spacing")
    more = [f"{len(named) - _MOST_NAMED} more"] if len(named) > _MOST_NAMED else []
    raise UnsupportedImageError(
        f"{path}: expected one volume or picture, found {len(parts)}: {'; '.join(named[:_MOST_NAMED] + more)}. "
        "read_dicom_volumes(path) reads all, or put the images that are meant into a folder of their own"
    )


def _description(stack: PlaneStack) -> str:
    columns, rows = stack.planes[0].instance.shape
    size = f"{columns} x {rows} x {len(stack.planes)} {_orientation(stack)}"
    return f"{size}, {stack.told_apart}" if stack.told_apart else size


def _orientation(stack: PlaneStack) -> str:
    """The standard plane that is nearest to that of the slices."""
    return ("sagittal", "coronal", "axial")[int(np.argmax(np.abs(stack.normal)))]
