# SPDX-License-Identifier: Apache-2.0
"""The pixels of an image as a file that any program opens, without loss and without words about the patient."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.store.pixels import JPEG_SUFFIX, unpack_pixels
from monai_medglip.data_engine.store.plain_jpeg import plain_jpeg
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["portable_pixels"]

_PNG_TYPES = (np.uint8, np.uint16)


def portable_pixels(scan: Scan, file: Path) -> tuple[str, bytes]:
    """Give the suffix of a file and its bytes.

    A JPEG's coded pixels stay as they are. Another image becomes PNG, or TIFF where its numbers are negative or
    fractions; a volume becomes compressed NIfTI.

    Args:
        scan: the image as it was read.
        file: where it was read from.

    Raises:
        DataError: for pixels that no such file holds without loss: several channels of a volume or of wide numbers,
            or numbers that need more than 32 bits.
    """
    if scan.spatial_dims == 3:
        return "nii.gz", _nifti(scan)
    own = plain_jpeg(file)
    if own is not None and np.array_equal(unpack_pixels(JPEG_SUFFIX, own), scan.array):
        return JPEG_SUFFIX, own
    return _picture(scan.array)


def _picture(array: npt.NDArray[Any]) -> tuple[str, bytes]:
    """Give an array (C, x, y) as PNG or TIFF."""
    from PIL import Image

    if array.dtype == np.uint8 and len(array) == 3:
        pixels, kind = array.transpose(2, 1, 0), "PNG"
    elif len(array) == 1:
        is_wide = array.dtype.type not in _PNG_TYPES
        pixels, kind = (_wide(array[0]) if is_wide else array[0]).T, "TIFF" if is_wide else "PNG"
    else:
        raise DataError(f"expected one channel or RGB of 8 bits to write as a picture, got {_described(array)}")
    written = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(written, kind)
    return {"PNG": "png", "TIFF": "tif"}[kind], written.getvalue()


def _wide(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give a plane (x, y) in one of the two types of TIFF that hold all its numbers."""
    kind = np.float32 if plane.dtype.kind == "f" else np.int32
    with np.errstate(over="ignore"):
        held = plane.astype(kind)
    if not np.array_equal(held, plane, equal_nan=plane.dtype.kind == "f"):
        raise DataError(f"expected numbers of at most 32 bits to write as a picture, got {_described(plane)}")
    return held


def _nifti(scan: Scan) -> bytes:
    import gzip

    import nibabel

    make: Any = nibabel.Nifti1Image
    if len(scan.array) != 1:
        raise DataError(f"expected one channel to write as a volume, got {_described(scan.array)}")
    voxels = scan.array[0]
    voxels = voxels.astype(np.uint8) if voxels.dtype == np.bool_ else voxels
    image = make(voxels, scan.frame.affine, dtype=voxels.dtype)
    return gzip.compress(image.to_bytes(), compresslevel=1, mtime=0)


def _described(array: npt.NDArray[Any]) -> str:
    return f"an array {array.shape} of {array.dtype}"
