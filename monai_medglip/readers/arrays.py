# SPDX-License-Identifier: Apache-2.0
"""Scans from arrays in memory: numpy pictures, Pillow images, tensors; files are read by `read_image`.

A plain numpy array is a picture as numpy and OpenCV hold it, rows first. A tensor is in MONAI's order, channel first,
then x, y[, z].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import GeometryError, ImageReadError
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.imaging import Modality, Scan
from monai_medglip.readers.grid_checks import refuse_shear
from monai_medglip.readers.raster import pixels_from_pil

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

__all__ = ["scan_from_array", "scan_from_pil", "scan_from_tensor"]


def scan_from_array(array: npt.ArrayLike, *, modality: str | Modality | None = None) -> Scan:
    """Give the scan of a picture in numpy's order.

    Args:
        array: (rows, columns), or (rows, columns, 3) in RGB; integers, finite floats or bool. Alpha is not taken.
        modality: the kind of imaging, if known.

    Returns:
        A scan (C, x, y) without a place in space; it shares the array's memory.

    Raises:
        ImageReadError: for another rank, no pixels, NaN, complex or other types.
    """
    picture = _numeric(np.asarray(array))
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[..., 0]
    if picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise ImageReadError(
            f"expected an array (rows, columns) or (rows, columns, 3), got {picture.shape}; give a volume or another "
            "order as a tensor (C, x, y[, z]) or as a Scan"
        )
    ordered = picture.T if picture.ndim == 3 else picture.T[None]
    return Scan(ordered, _pixel_frame(ordered), _modality(modality))


def scan_from_pil(picture: Image, *, modality: str | Modality | None = None) -> Scan:
    """Give the scan of a Pillow image of any mode, as displayed; see `pixels_from_pil`.

    Args:
        picture: the image.
        modality: the kind of imaging, if known.

    Returns:
        A scan (C, x, y) without a place in space.

    Raises:
        ImageReadError: when the image has no pixels, cannot be loaded, or is not finite.
    """
    try:
        array = pixels_from_pil(picture)
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageReadError(f"expected a Pillow image that can be loaded, got: {error}") from error
    return Scan(array, _pixel_frame(array), _modality(modality))


def scan_from_tensor(tensor: torch.Tensor, *, modality: str | Modality | None = None) -> Scan:
    """Give the scan of a tensor in MONAI's order.

    Args:
        tensor: (C, x, y) or (C, x, y, z) with C of 1 or 3. A MetaTensor brings its affine. What else is known of its
            place comes from the metadata that `ScanReader` writes; without them its axes and lengths are not known.
        modality: overrules the metadata's.

    Returns:
        The scan; the tensor's memory is shared where it lies on the CPU.

    Raises:
        ImageReadError: for another rank or number of channels, NaN, complex values, a singular affine, or one that is
            sheared.
    """
    plain = tensor.detach().cpu()
    metadata: dict[str, Any] = dict(getattr(tensor, "meta", None) or {})
    plain = plain.as_tensor() if hasattr(plain, "as_tensor") else plain
    # numpy has no bfloat16
    array = _numeric((plain.float() if str(plain.dtype) == "torch.bfloat16" else plain).numpy())
    if array.ndim not in (3, 4) or array.shape[0] not in (1, 3):
        raise ImageReadError(
            f"expected a tensor (C, x, y) or (C, x, y, z) with C of 1 or 3, got {tuple(array.shape)}; "
            "add a channel axis with tensor[None], and pass a batch item by item"
        )
    told = modality if modality is not None else metadata.get("modality")
    region = metadata.get("body_region") or None
    return Scan(array, _tensor_frame(array, metadata), _modality(told), body_region=region)


def _numeric(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give a real array in native byte order; bool becomes 0 and 255."""
    if array.dtype.kind == "b":
        return np.where(array, 255, 0).astype(np.uint8)
    if array.dtype.kind not in "uif":
        raise ImageReadError(
            f"expected pixels that are integers, real numbers or bool, got data type {array.dtype}; "
            "take the magnitude of complex values, and stack a list of equal rows"
        )
    if array.size == 0:
        raise ImageReadError(f"expected an image of at least one pixel, got an array of shape {array.shape}")
    native: npt.NDArray[Any] = array.astype(array.dtype.newbyteorder("="), copy=False)
    return native


def _modality(word: str | Modality | None) -> Modality:
    return Modality.UNKNOWN if word is None else Modality.parse(word)


def _pixel_frame(array: npt.NDArray[Any]) -> Frame:
    return Frame.pixel(array.shape[1:])


def _tensor_frame(array: npt.NDArray[Any], metadata: dict[str, Any]) -> Frame:
    affine = metadata.get("affine")
    if affine is None:
        return _pixel_frame(array)
    known = np.asarray(metadata.get("known_axes", (False, False, False)), dtype=bool)
    axes = frozenset(axis for axis in AxisPair if known[axis.value])
    small = np.asarray(affine, dtype=np.float64)
    full = np.eye(4)
    full[: len(small) - 1, : len(small) - 1], full[: len(small) - 1, 3] = small[:-1, :-1], small[:-1, -1]
    try:
        frame = Frame(full, array.shape[1:], axes, bool(metadata.get("spacing_known", False)))
    except GeometryError as error:
        raise ImageReadError(f"expected a MetaTensor with an affine that is a place in space: {error}") from error
    refuse_shear("the MetaTensor", frame)
    return frame
