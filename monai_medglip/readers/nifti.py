# SPDX-License-Identifier: Apache-2.0
"""Reading NIfTI-1 and NIfTI-2 files through nibabel; one image or volume, no time series and no vectors.

The affine is that of sform or qform (sform first). They tell the patient's axes when their code is above 0.
Millimeters are known when the pixel sizes are positive and their unit is stated, or when it is left open beside a
valid sform or qform, whose unit is the millimeter by everyone's use.
"""

from __future__ import annotations

import gzip
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import UnsupportedImageError
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.readers.library_errors import check_size, library_errors

__all__ = ["read_nifti"]

# The low three bits of xyzt_units.
_MILLIMETERS_PER_UNIT = {1: 1000.0, 2: 1.0, 3: 0.001}


def read_nifti(path: Path, *, modality: Modality | None = None) -> Scan:
    """Read a NIfTI file.

    Args:
        path: a ``.nii``, ``.nii.gz`` or the ``.hdr`` of a pair; the content counts, not the name.
        modality: what the user says; the format does not tell it.

    Returns:
        A scan (1, x, y, z), or (1, x, y) with its place in space for a single slice. Stored types are kept; scaled
        values come as float32.

    Raises:
        ImageReadError: when the file is damaged, its affine singular, or pixels are not finite.
        UnsupportedImageError: for 4D, vectors, color and complex values.
    """
    with library_errors(path, "NIfTI image"):
        array, header, raw_header, affine = _load(path)
        shape = array.shape[:2] if array.shape[2:] == (1,) else array.shape
        frame = _frame(header, raw_header, affine, shape)
    return Scan(array.reshape(1, *shape), frame, modality or Modality.UNKNOWN, ImageSource(str(path)))


def _load(path: Path) -> tuple[npt.NDArray[Any], Any, Any, npt.NDArray[np.float64]]:
    """Give pixels, nibabel's header, the header before nibabel's repairs, and the affine."""
    import nibabel

    with _open(path) as stream:
        head = stream.read(540)
        stream.seek(0)
        second = head[4:8] in (b"n+2\x00", b"ni2\x00")
        header_class: Any = nibabel.Nifti2Header if second else nibabel.Nifti1Header
        image: Any
        if head[344:348] == b"ni1\x00" or head[4:8] == b"ni2\x00":
            image = (nibabel.Nifti2Pair if second else nibabel.Nifti1Pair).from_filename(path)
        else:
            image = (nibabel.Nifti2Image if second else nibabel.Nifti1Image).from_stream(stream)
        _refuse_unsupported(path, image)
        array = _pixels(image)
        raw_header = header_class(head[: header_class.sizeof_hdr], check=False)
    return array, image.header, raw_header, np.asarray(image.affine, dtype=np.float64)


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")


def _refuse_unsupported(path: Path, image: Any) -> None:
    shape = tuple(int(size) for size in image.shape)
    dtype = image.get_data_dtype()
    if len(shape) < 2 or any(size != 1 for size in shape[3:]):
        kind = "vectors" if len(shape) > 4 and shape[3] == 1 else "a time series or several channels"
        raise UnsupportedImageError(
            f"{path}: expected one image (x, y) or volume (x, y, z), the file has shape {shape}"
            + (f", {kind}; save the volume that is meant as a file of its own" if len(shape) > 3 else "")
        )
    if dtype.kind not in "uif":
        kind = "color" if dtype.fields else str(dtype)
        raise UnsupportedImageError(f"{path}: expected one real number per voxel, the file holds {kind} values")
    check_size(path, shape[:3])


def _pixels(image: Any) -> npt.NDArray[Any]:
    stored = image.dataobj
    scaled = stored.slope != 1 or stored.inter != 0
    array = image.get_fdata(caching="unchanged", dtype=np.float32) if scaled else stored.get_unscaled()
    dtype = np.dtype(np.float64) if array.dtype.itemsize > 8 else array.dtype.newbyteorder("=")
    pixels: npt.NDArray[Any] = np.asarray(array, dtype=dtype).reshape(image.shape[:3])
    return pixels


def _frame(header: Any, raw_header: Any, affine: npt.NDArray[np.float64], shape: tuple[int, ...]) -> Frame:
    placed = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    unit = int(raw_header["xyzt_units"]) & 7
    # nibabel replaces a pixel size of 0 by 1 while reading, hence the raw header.
    sizes = np.asarray(raw_header["pixdim"][1 : 1 + len(shape)], dtype=np.float64)
    measured = bool(np.all(np.isfinite(sizes) & (sizes > 0))) and (
        unit in _MILLIMETERS_PER_UNIT or (unit == 0 and placed)
    )
    in_mm = affine.copy()
    in_mm[:3] *= _MILLIMETERS_PER_UNIT.get(unit, 1.0)
    return Frame(in_mm, shape, frozenset(AxisPair) if placed else frozenset(), measured)
