# SPDX-License-Identifier: Apache-2.0
"""Stored pixels of DICOM planes as real values or RGB.

Values stay real: rescale is applied, plane by plane. Windows, VOI tables, presentation states and supplemental palettes
say how a screen shows the values; they are not applied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError
from monai_medglip.readers.dicom_decoding import decode_planes
from monai_medglip.readers.dicom_plane import ImagePlane
from monai_medglip.readers.pixel_memory import empty_pixels
from monai_medglip.side_by_side import side_by_side

__all__ = ["color_picture", "fill_padding", "grey_slices", "padded_slices"]

# Their values are measured (HU, activity): MONOCHROME1 only says how a screen shows them.
_MEASURED_MODALITIES = ("CT", "PT")

FloatSlices = npt.NDArray[np.float32]


def grey_slices(planes: Sequence[ImagePlane]) -> FloatSlices:
    """Give grey planes of one size.

    Args:
        planes: the planes.

    Returns:
        float32 (plane, row, column): rescaled, MONOCHROME1 inverted unless the values are measured (CT, PET), padding
        as the lowest value of the rest.

    Raises:
        ImageReadError: when pixels cannot be decoded or are not finite.
    """
    lowest = _Lowest(len(planes))
    slices = _decoded_slices(planes, lowest.look)
    lowest.fill(slices)
    return slices


def padded_slices(planes: Sequence[ImagePlane]) -> FloatSlices:
    """Give what `grey_slices` gives, with padding as NaN, see `fill_padding`."""
    return _decoded_slices(planes, lambda index, values: None)


def fill_padding(values: FloatSlices) -> FloatSlices:
    """Replace NaN, which stands for padding, by the lowest value of the rest, in place.

    Args:
        values: float32 (plane, row, column).

    Returns:
        The same array.
    """
    lowest = _Lowest(len(values))
    side_by_side(lambda index: lowest.look(index, values[index]), range(len(values)))
    lowest.fill(values)
    return values


def color_picture(plane: ImagePlane) -> npt.NDArray[np.uint8]:
    """Give a color plane as uint8 (3, x, y): red, green, blue. Of more than 8 bits the upper ones are kept."""
    found: list[npt.NDArray[Any]] = []
    decode_planes([plane], lambda _, stored: found.append(stored))
    header = plane.instance.header
    stored, bits = found[0], int(header.BitsStored)
    if stored.ndim == 2:
        from pydicom.pixels.processing import apply_color_lut

        stored = apply_color_lut(stored, header)
        bits = stored.dtype.itemsize * 8
    picture: npt.NDArray[np.uint8] = (stored[..., :3] >> max(0, bits - 8)).astype(np.uint8).T
    return np.ascontiguousarray(picture)


class _Lowest:
    """The lowest value of each slice, and which slices have padding.

    Args:
        count: number of slices.
    """

    def __init__(self, count: int) -> None:
        self._values = np.full(count, np.nan, np.float32)
        self._is_padded = np.zeros(count, bool)

    def look(self, index: int, values: FloatSlices) -> None:
        """Look at a slice; best as soon as it is made, while it is in the processor's cache."""
        # The minimum is NaN where any value is; fmin passes over NaN.
        self._values[index] = np.min(values)
        self._is_padded[index] = np.isnan(self._values[index])
        if self._is_padded[index]:
            self._values[index] = np.fmin.reduce(values, axis=None)

    def fill(self, slices: FloatSlices) -> None:
        """Replace NaN in all slices, which were looked at, by the lowest value of all."""
        found = np.fmin.reduce(self._values)
        floor = np.float32(0) if np.isnan(found) else found
        # No other value is below the lowest one, so that fmax changes NaN alone.
        side_by_side(lambda index: np.fmax(slices[index], floor, out=slices[index]), np.flatnonzero(self._is_padded))


def _decoded_slices(planes: Sequence[ImagePlane], look: Callable[[int, FloatSlices], None]) -> FloatSlices:
    """Decode planes into one array; a function sees each with its index when it is there, in one of several threads."""
    columns, rows = planes[0].instance.shape
    slices = empty_pixels((len(planes), rows, columns), np.float32)

    def take(index: int, stored: npt.NDArray[Any]) -> None:
        _put_real_values(planes[index], stored, slices[index])
        look(index, slices[index])

    decode_planes(planes, take)
    return slices


def _put_real_values(plane: ImagePlane, stored: npt.NDArray[Any], real: FloatSlices) -> None:
    if stored.dtype.kind == "f":
        _check_finite(plane.path, stored)
    values: npt.NDArray[Any] = stored
    if _is_inverted(plane) and stored.dtype.kind in "ui":
        header = plane.instance.header
        ends = -1 if int(header.PixelRepresentation) else 2 ** int(header.BitsStored) - 1
        values = ends - stored.astype(np.int64)
    if "ModalityLUTSequence" in plane.instance.header:
        from pydicom.pixels.processing import apply_modality_lut

        real[:] = apply_modality_lut(values, plane.instance.header)
    else:
        slope, intercept = _rescale(plane)
        # A slope of 1 keeps integers of up to 24 bits exact in float32; all else is computed in float64.
        precise = values if slope == 1 and stored.itemsize <= 2 else values * np.float64(slope)
        np.add(precise, intercept, out=real, dtype=np.float32 if precise is values else None, casting="same_kind")
    padding = _padding(plane, stored)
    if padding is not None:
        np.copyto(real, np.nan, where=padding)


def _check_finite(path: Path, stored: npt.NDArray[Any]) -> None:
    bad = stored.size - int(np.count_nonzero(np.isfinite(stored)))
    if bad:
        raise ImageReadError(f"{path}: expected finite pixels, {bad} of {stored.size} are NaN or infinite")


def _rescale(plane: ImagePlane) -> tuple[float, float]:
    slope, intercept = (plane.numbers(f"Rescale{part}", 1) for part in ("Slope", "Intercept"))
    if slope is not None and slope[0] == 0:
        raise ImageReadError(
            f"{plane.path}: expected a RescaleSlope other than 0, which would make all pixels equal; correct the header"
        )
    return 1.0 if slope is None else float(slope[0]), 0.0 if intercept is None else float(intercept[0])


def _is_inverted(plane: ImagePlane) -> bool:
    return (
        plane.text("PhotometricInterpretation") == "MONOCHROME1" and plane.text("Modality") not in _MEASURED_MODALITIES
    )


def _padding(plane: ImagePlane, stored: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    """Where the scanner filled up the rectangle; the value may be stored with the wrong sign (US for SS)."""
    value = plane.value("FloatPixelPaddingValue" if stored.dtype.kind == "f" else "PixelPaddingValue")
    if not isinstance(value, (int, float)):
        return None
    low = np.asarray(value).astype(stored.dtype)
    limit = plane.value("PixelPaddingRangeLimit")
    found: npt.NDArray[np.bool_]
    if isinstance(limit, (int, float)):
        high = np.asarray(limit).astype(stored.dtype)
        found = (stored >= min(low, high)) & (stored <= max(low, high))
    else:
        found = stored == low
    return found
