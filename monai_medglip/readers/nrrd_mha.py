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
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.readers.format_detection import ImageFormat, detect_format
from monai_medglip.readers.library_errors import check_size, import_extra, library_errors

__all__ = ["read_nrrd_mha"]

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_HEADER_BYTES = 65536


def read_nrrd_mha(path: Path, *, modality: Modality | None = None) -> Scan:
    """Read a NRRD or MetaImage file.

    Args:
        path: a ``.nrrd``, ``.nhdr``, ``.mha`` or ``.mhd`` file.
        modality: what the user says; the headers do not tell it reliably.

    Returns:
        A scan (1, x, y, z); (1, x, y) or RGB (3, x, y) for a picture or a single slice.

    Raises:
        ImageReadError: when the file is damaged or SimpleITK is not installed.
        UnsupportedImageError: for more than three axes, vectors and complex values.
    """
    itk = import_extra("SimpleITK", "itk", path)
    with library_errors(path, "NRRD or MHA/MHD image"):
        nrrd = detect_format(path) is ImageFormat.NRRD
        reader = itk.ImageFileReader()
        reader.SetImageIO("NrrdImageIO" if nrrd else "MetaImageIO")
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        _refuse_unsupported(path, reader)
        image = reader.Execute()
        array = _channel_first(itk.GetArrayFromImage(image), image.GetNumberOfComponentsPerPixel())
        axes_known, spacing_known = (_nrrd_knows if nrrd else _meta_image_knows)(_header_fields(path, nrrd))
        known = frozenset(AxisPair) if axes_known and image.GetDimension() == 3 else frozenset()
        frame = Frame(_affine(image, bool(known)), array.shape[1:], known, spacing_known)
    return Scan(array, frame, modality or Modality.UNKNOWN, ImageSource(str(path)))


def _refuse_unsupported(path: Path, reader: Any) -> None:
    size, channels = reader.GetSize(), reader.GetNumberOfComponents()
    planar = len(size) == 2 or size[2:] == (1,)
    if len(size) not in (2, 3):
        raise UnsupportedImageError(
            f"{path}: expected 2 or 3 axes, the file has {len(size)} of sizes {size}; save the volume that is meant"
        )
    if channels != 1 and not (channels == 3 and planar):
        raise UnsupportedImageError(
            f"{path}: expected one value per voxel (or RGB in 2D), the file has {channels}; save one channel"
        )
    check_size(path, size[:2] if planar else size)


def _channel_first(array: npt.NDArray[np.generic], channels: int) -> npt.NDArray[np.generic]:
    """From SimpleITK's ([z,] y, x[, channel]) to (channel, x, y[, z]), a single slice without z."""
    ordered = array.T if channels > 1 else array.T[None]
    if ordered.ndim == 4 and ordered.shape[-1] == 1:
        ordered = ordered[..., 0]
    return np.ascontiguousarray(ordered)


def _affine(image: Any, axes_known: bool) -> npt.NDArray[np.float64]:
    size = image.GetDimension()
    affine = np.eye(4)
    direction = np.asarray(image.GetDirection(), dtype=np.float64).reshape(size, size)
    affine[:size, :size] = direction * np.asarray(image.GetSpacing())
    affine[:size, 3] = image.GetOrigin()
    # Without known axes the file's world is not LPS: there is nothing to turn.
    return _LPS_TO_RAS @ affine if axes_known else affine


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
