# SPDX-License-Identifier: Apache-2.0
"""Decoding the pixels of one DICOM image into real values or RGB; windows and presentation states are not applied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.readers.dicom_attributes import attribute, numbers, text
from monai_medglip.readers.grid_checks import check_size
from monai_medglip.readers.library_errors import library_errors

__all__ = ["decode_pixels", "fill_padding", "grid_shape", "refuse_unreadable"]

# Their values are measured (HU, activity): MONOCHROME1 only says how a screen shows them.
_MEASURED_MODALITIES = ("CT", "PT")

_KINDS_WITHOUT_PICTURE = {
    "RTSTRUCT": "contours",
    "SEG": "a segmentation",
    "SR": "a report",
    "PR": "a presentation state",
    "RTPLAN": "a treatment plan",
    "KO": "a selection of images",
}


def grid_shape(path: Path, dataset: Any) -> tuple[int, int]:
    """Give (columns, rows), checked for size before any pixel is touched."""
    columns, rows = numbers(path, dataset, "Columns", 1), numbers(path, dataset, "Rows", 1)
    if columns is None or rows is None:
        raise UnsupportedImageError(f"{path}: expected an image, the DICOM file has no Rows and Columns")
    shape = (int(columns[0]), int(rows[0]))
    check_size(path, shape)
    return shape


def refuse_unreadable(path: Path, dataset: Any) -> None:
    """Refuse DICOM objects that are not one plane of an image.

    Args:
        path: the file, named in the message.
        dataset: its header.

    Raises:
        ImageReadError: when NumberOfFrames is not a number, or the transfer syntax is not known.
        UnsupportedImageError: for objects without a picture, and for several frames.
    """
    if not getattr(getattr(dataset, "file_meta", None), "TransferSyntaxUID", None):
        raise ImageReadError(
            f"{path}: expected a DICOM file with a file meta header that names the transfer syntax, found none; "
            "export the file again as DICOM Part 10"
        )
    modality = text(dataset, "Modality")
    if "Rows" not in dataset or modality in _KINDS_WITHOUT_PICTURE:
        kind = _KINDS_WITHOUT_PICTURE.get(modality, f"no picture (modality {modality or 'not stated'})")
        raise UnsupportedImageError(
            f"{path}: expected an image, the DICOM file holds {kind}; give the images it refers to"
        )
    frames = numbers(path, dataset, "NumberOfFrames", 1)
    if frames is not None and frames[0] > 1:
        enhanced = "Enhanced" in str(getattr(dataset.get("SOPClassUID"), "name", ""))
        kind = "an enhanced multi-frame object" if enhanced else f"a multi-frame {modality or 'image'}"
        raise UnsupportedImageError(
            f"{path}: expected a single frame, found {kind} of {int(frames[0])} frames; "
            "convert it to a classic series, or save the frame that is meant"
        )


def decode_pixels(path: Path, dataset: Any) -> npt.NDArray[Any]:
    """Give the pixels of a single-frame image.

    Args:
        path: the file, named in messages.
        dataset: the data set with its pixels, passed by `refuse_unreadable`.

    Returns:
        Grey as float32 (1, x, y): rescaled, MONOCHROME1 inverted unless the values are measured (CT, PET), padding
        as NaN, see `fill_padding`. Color as uint8 (3, x, y).

    Raises:
        ImageReadError: when the pixels are missing, truncated, not finite, or cannot be decoded.
    """
    shape = grid_shape(path, dataset)
    with library_errors(path, "DICOM image"):
        stored = _stored_pixels(dataset)
        color = text(dataset, "PhotometricInterpretation") == "PALETTE COLOR" or stored.ndim == 3
        pixels = _color_pixels(dataset, stored) if color else _real_values(path, dataset, stored)
    if pixels.shape[:2] != shape[::-1]:
        raise ImageReadError(f"{path}: expected pixels of {shape} columns and rows, got {pixels.shape[1::-1]}")
    # (row, column[, channel]) to (channel, column, row)
    channel_first: npt.NDArray[Any] = pixels.T if pixels.ndim == 3 else pixels.T[None]
    return channel_first


def fill_padding(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Replace NaN, which `decode_pixels` gives for padding, by the lowest value of the rest, in place."""
    if array.dtype.kind == "f":
        padding = np.isnan(array)
        if padding.all():
            array[:] = 0
        elif padding.any():
            array[padding] = np.nanmin(array)
    return array


def _stored_pixels(dataset: Any) -> npt.NDArray[Any]:
    """Decode; YBR becomes RGB. A float image of one frame has no leading axis left."""
    if "PixelData" in dataset:
        from pydicom.pixels.utils import pixel_array

        stored: npt.NDArray[Any] = pixel_array(dataset)
    else:
        stored = dataset.pixel_array
    return stored[0] if stored.ndim == 4 else stored


def _color_pixels(dataset: Any, stored: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    from pydicom.pixels.processing import apply_color_lut

    bits = int(dataset.BitsStored)
    if stored.ndim == 2:
        stored = apply_color_lut(stored, dataset)
        bits = stored.dtype.itemsize * 8
    eight_bits: npt.NDArray[np.uint8] = (stored >> max(0, bits - 8)).astype(np.uint8)
    return eight_bits


def _real_values(path: Path, dataset: Any, stored: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    from pydicom.pixels.processing import apply_modality_lut

    bad = stored.size - int(np.count_nonzero(np.isfinite(stored)))
    if bad:
        raise ImageReadError(f"{path}: expected finite pixels, {bad} of {stored.size} are NaN or infinite")
    padding = _padding(dataset, stored)
    values: npt.NDArray[Any] = stored
    if _inverted(dataset) and stored.dtype.kind in "ui":
        ends = -1 if int(dataset.PixelRepresentation) else 2 ** int(dataset.BitsStored) - 1
        values = ends - stored.astype(np.int64)
    if attribute(dataset, "ModalityLUTSequence") is not None:
        values = np.asarray(apply_modality_lut(values, dataset))
    else:
        slope, intercept = (numbers(path, dataset, f"Rescale{part}", 1) for part in ("Slope", "Intercept"))
        values = values * (1.0 if slope is None else slope[0]) + (0.0 if intercept is None else intercept[0])
    real = values.astype(np.float32)
    if padding is not None:
        real[padding] = np.nan
    return real


def _inverted(dataset: Any) -> bool:
    return (
        text(dataset, "PhotometricInterpretation") == "MONOCHROME1"
        and text(dataset, "Modality") not in _MEASURED_MODALITIES
    )


def _padding(dataset: Any, stored: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    """Where the scanner filled up the rectangle; the value may be stored with the wrong sign (US for SS)."""
    value = attribute(dataset, "FloatPixelPaddingValue" if stored.dtype.kind == "f" else "PixelPaddingValue")
    if not isinstance(value, (int, float)):
        return None
    low = np.asarray(value).astype(stored.dtype)
    limit = attribute(dataset, "PixelPaddingRangeLimit")
    high = np.asarray(limit).astype(stored.dtype) if isinstance(limit, (int, float)) else low
    found: npt.NDArray[np.bool_] = (stored >= min(low, high)) & (stored <= max(low, high))
    return found
