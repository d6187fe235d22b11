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

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.readers.grid_checks import check_size, refuse_shear
from monai_medglip.readers.library_errors import library_errors
from monai_medglip.readers.single_slice import kept_axes, kept_axes_first

__all__ = ["read_nifti", "read_nifti_frame"]

# The low three bits of xyzt_units.
_MILLIMETERS_PER_UNIT = {1: 1000.0, 2: 1.0, 3: 0.001}

_READ_AT_ONCE = 2**20


def read_nifti(path: Path, *, modality: Modality | None = None) -> Scan:
    """Read a NIfTI file.

    Args:
        path: a ``.nii``, ``.nii.gz`` or the ``.hdr`` of a pair; the content counts, not the name.
        modality: what the user says; the format does not tell it.

    Returns:
        A scan (1, x, y, z), or (1, x, y) with its place in space for a single slice. Stored types are kept; scaled
        values come as float32.

    Raises:
        ImageReadError: when the file is damaged, does not fit into memory, its affine is singular, or pixels are not
            finite.
        UnsupportedImageError: for 4D, vectors, color and complex values, and for a sheared affine.
    """
    with library_errors(path, "NIfTI image"), _open(path) as stream:
        image, frame = _image_and_frame(path, stream)
        array = _pixels(image)
        _refuse_wrong_checksum(stream)
        return Scan(array.reshape(1, *frame.shape), frame, modality or Modality.UNKNOWN, ImageSource(str(path)))


def read_nifti_frame(path: Path) -> Frame:
    """Give the frame of a NIfTI file from its header; see `read_nifti`."""
    with library_errors(path, "NIfTI image"), _open(path) as stream:
        return _image_and_frame(path, stream)[1]


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")


def _image_and_frame(path: Path, stream: gzip.GzipFile | BufferedReader) -> tuple[Any, Frame]:
    """Give nibabel's image, whose pixels wait in the stream, and its frame."""
    import nibabel

    head = stream.read(540)
    stream.seek(0)
    second = head[4:8] in (b"n+2\x00", b"ni2\x00")
    header_class: Any = nibabel.Nifti2Header if second else nibabel.Nifti1Header
    image: Any
    # No memory map: the pixels must not change, nor vanish, with the file.
    if head[344:348] == b"ni1\x00" or head[4:8] == b"ni2\x00":
        image = (nibabel.Nifti2Pair if second else nibabel.Nifti1Pair).from_filename(path, mmap=False)
    else:
        single: Any = nibabel.Nifti2Image if second else nibabel.Nifti1Image
        image = single.from_file_map(single.make_file_map({"image": stream}), mmap=False)
    _refuse_unsupported(path, image)
    # nibabel replaces a pixel size of 0 by 1 while reading, hence the header before its repairs.
    frame = _frame(path, image, header_class(head[: header_class.sizeof_hdr], check=False))
    refuse_shear(path, frame)
    return image, frame


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
    scaled_bytes = np.dtype(np.float32).itemsize if _is_scaled(image.dataobj) else 0
    check_size(path, shape[:3], bytes_per_voxel=dtype.itemsize + scaled_bytes)


def _is_scaled(stored: Any) -> bool:
    return bool(stored.slope != 1 or stored.inter != 0)


def _pixels(image: Any) -> npt.NDArray[Any]:
    stored = image.dataobj
    unscaled = stored.get_unscaled().reshape(image.shape[:3])
    if not _is_scaled(stored):
        wide = unscaled.dtype.itemsize > np.dtype(np.float64).itemsize
        return np.asarray(unscaled, dtype=np.float64 if wide else unscaled.dtype.newbyteorder("="))
    # Slice by slice: nibabel scales the whole in float64, four times the memory of the result.
    pixels: npt.NDArray[Any] = np.empty(unscaled.shape, np.float32, order="F")
    with np.errstate(over="ignore"):
        for index in range(unscaled.shape[-1]):
            pixels[..., index] = unscaled[..., index] * float(stored.slope) + float(stored.inter)
    return pixels


def _refuse_wrong_checksum(stream: gzip.GzipFile | BufferedReader) -> None:
    """Read a packed stream to its end, where gzip compares the checksum; nibabel stops behind the last voxel."""
    if isinstance(stream, gzip.GzipFile):
        while stream.read(_READ_AT_ONCE):
            pass


def _frame(path: Path, image: Any, raw_header: Any) -> Frame:
    header, kept = image.header, kept_axes(image.shape[:3])
    placed = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    unit = int(raw_header["xyzt_units"]) & 7
    sizes = np.asarray(raw_header["pixdim"], dtype=np.float64)[[axis + 1 for axis in kept]]
    if len(kept) == 3 and not sizes.all() and int(header["sform_code"]) <= 0:
        raise ImageReadError(
            f"{path}: expected voxel sizes above 0, the header says {sizes.tolist()} and has no sform that tells them; "
            "correct pixdim in the header"
        )
    measured = bool(np.all(np.isfinite(sizes) & (sizes > 0))) and (
        unit in _MILLIMETERS_PER_UNIT or (unit == 0 and placed)
    )
    affine = kept_axes_first(np.asarray(image.affine, dtype=np.float64), kept)
    affine[:3] *= _MILLIMETERS_PER_UNIT.get(unit, 1.0)
    shape = tuple(image.shape[axis] for axis in kept)
    return Frame(affine, shape, frozenset(AxisPair) if placed else frozenset(), measured)
