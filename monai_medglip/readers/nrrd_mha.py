# SPDX-License-Identifier: Apache-2.0
"""Reading NRRD and MHA/MHD through SimpleITK (the extra ``itk``), from its LPS world to RAS+.

The text header is read as well, since SimpleITK fills what is missing with ones: axes and millimeters are known only
where the header states them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import UnsupportedImageError
from monai_medglip.geometry.affine import LPS_FROM_RAS
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.readers.format_detection import ImageFormat, detect_format
from monai_medglip.readers.grid_checks import check_size, refuse_shear
from monai_medglip.readers.library_errors import import_extra, library_errors
from monai_medglip.readers.single_slice import kept_axes, kept_axes_first

__all__ = ["read_nrrd_mha"]

_HEADER_BYTES = 65536


def read_nrrd_mha(path: Path, *, modality: Modality | None = None) -> Scan:
    """Read a NRRD or MetaImage file.

    Args:
        path: a ``.nrrd``, ``.nhdr``, ``.mha`` or ``.mhd`` file.
        modality: what the user says; the headers do not tell it reliably.

    Returns:
        A scan (1, x, y, z); (1, x, y) or RGB (3, x, y) for a picture or a single slice.

    Raises:
        ImageReadError: when the file is damaged, does not fit into memory, its spacing is zero or its axes are
            singular, or SimpleITK is not installed.
        UnsupportedImageError: for more than three axes, vectors and complex values, and for sheared axes.
    """
    itk = import_extra("SimpleITK", "itk", path)
    with library_errors(path, "NRRD or MHA/MHD image"):
        nrrd = detect_format(path) is ImageFormat.NRRD
        reader = itk.ImageFileReader()
        reader.SetImageIO("NrrdImageIO" if nrrd else "MetaImageIO")
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        fields = _header_fields(path, nrrd)
        _refuse_unsupported(path, reader, fields)
        frame = _frame(reader, *(_nrrd_knows if nrrd else _meta_image_knows)(fields))
        refuse_shear(path, frame)
        _check_memory(path, itk, reader, frame.shape)
        array = _channel_first(itk, reader.Execute(), frame.shape)
        return Scan(array, frame, modality or Modality.UNKNOWN, ImageSource(str(path)))


def _refuse_unsupported(path: Path, reader: Any, fields: dict[str, str]) -> None:
    size, channels = reader.GetSize(), reader.GetNumberOfComponents()
    kept = kept_axes(size)
    if len(size) not in (2, 3):
        raise UnsupportedImageError(
            f"{path}: expected 2 or 3 axes, the file has {len(size)} of sizes {size}; save the volume that is meant"
        )
    if channels != 1 and not (channels == 3 and len(kept) == 2):
        raise UnsupportedImageError(
            f"{path}: expected one value per voxel (or RGB in 2D), the file has {channels}; save one channel"
        )
    placed = len(fields.get("space directions", "").split("(")) - 1
    if placed not in (0, len(size)):
        raise UnsupportedImageError(
            f"{path}: expected an axis in space for each of {len(size)}, the header has {placed} in 'space directions' "
            "(a list of images or values?); save the volume that is meant"
        )


def _check_memory(path: Path, itk: Any, reader: Any, shape: tuple[int, ...]) -> None:
    """Refuse what is too large; SimpleITK's image and the array that is copied from it exist side by side."""
    channels = reader.GetNumberOfComponents()
    pixel = itk.Image([1] * reader.GetDimension(), reader.GetPixelID(), channels)
    check_size(path, shape, bytes_per_voxel=2 * channels * pixel.GetSizeOfPixelComponent())


def _frame(reader: Any, axes_known: bool, spacing_known: bool) -> Frame:
    count, kept = reader.GetDimension(), kept_axes(reader.GetSize())
    known = frozenset(AxisPair) if axes_known and count == 3 else frozenset()
    affine = np.eye(4)
    direction = np.asarray(reader.GetDirection(), dtype=np.float64).reshape(count, count)
    affine[:count, :count] = direction * np.asarray(reader.GetSpacing())
    affine[:count, 3] = reader.GetOrigin()
    # Without known axes the file's world is not LPS: there is nothing to turn.
    in_ras = LPS_FROM_RAS @ affine if known else affine
    shape = tuple(int(reader.GetSize()[axis]) for axis in kept)
    return Frame(kept_axes_first(in_ras, kept), shape, known, spacing_known)


def _channel_first(itk: Any, image: Any, shape: tuple[int, ...]) -> npt.NDArray[np.generic]:
    """Copy SimpleITK's ([z,] y, x[, channel]) to (channel, x, y[, z]), a single slice without its axis."""
    # A view, because SimpleITK's own copy would be a third one in memory beside its image and ours.
    stored = itk.GetArrayViewFromImage(image)
    channels = image.GetNumberOfComponentsPerPixel()
    ordered: npt.NDArray[np.generic] = np.array(stored.T, order="C").reshape(channels, *shape)
    return ordered


def _header_fields(path: Path, nrrd: bool) -> dict[str, str]:
    """The text header as lower-case names with their values."""
    with path.open("rb") as file:
        lines = file.read(_HEADER_BYTES).split(b"\n")
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.decode("latin-1").strip().partition(":" if nrrd else "=")
        if nrrd and not name:
            break
        fields[name.strip().casefold()] = value.strip().lstrip("=")
        if fields.get("elementdatafile"):
            break
    return fields


def _nrrd_knows(fields: dict[str, str]) -> tuple[bool, bool]:
    """Whether a NRRD header states the patient's axes, and millimeters."""
    axes = any(word in fields.get("space", "").casefold() for word in ("left", "right", "lps", "ras", "las"))
    handed = "handed" in fields.get("space", "").casefold()
    units = fields.get("space units", fields.get("units", "")).replace('"', " ").split()
    millimeters = all(unit.casefold() in ("mm", "millimeter", "millimeters", "???") for unit in units)
    stated = "space directions" in fields or "spacings" in fields
    return axes and not handed, stated and millimeters and (bool(units) or axes)


def _meta_image_knows(fields: dict[str, str]) -> tuple[bool, bool]:
    """Whether a MetaImage header states the patient's axes, and millimeters (the format's only unit).

    Writers put a spacing of 1 into a 2D file that never had one.
    """
    axes = any(name in fields for name in ("transformmatrix", "rotation", "orientation"))
    spacing = fields.get("elementspacing", "").split()
    made_up = fields.get("ndims") == "2" and all(float(length) == 1 for length in spacing)
    return axes and "?" not in fields.get("anatomicalorientation", ""), bool(spacing) and not made_up
