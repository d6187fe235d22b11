# SPDX-License-Identifier: Apache-2.0
"""The numbers of a mask file on the grid of its image; what they stand for is not known here."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import DataError, MedGLIPError
from monai_medglip.geometry.frames import Frame
from monai_medglip.readers import read_image
from monai_medglip.readers.library_errors import library_errors

__all__ = ["present_values", "read_mask_channels", "read_mask_values"]

MOST_VOXELS_APART = 0.1
"""Most distance between the same voxel of a mask and of its image: programs round affines differently."""

_PICTURES = (".png", ".bmp", ".gif", ".tif", ".tiff", ".jpg", ".jpeg", ".pgm")


def read_mask_values(
    path: Path,
    image: str,
    shape: tuple[int, ...],
    image_frame: Callable[[], Frame],
    *,
    equal_channels: bool = False,
) -> npt.NDArray[np.integer[Any]]:
    """Read a mask of whole numbers.

    Args:
        path: the mask, a picture or any image that `read_image` reads.
        image: what messages call its image.
        shape: size of the image's grid.
        image_frame: gives the image's place in space; called only where the mask tells one.
        equal_channels: whether a grey mask that was saved in color is taken.

    Returns:
        (x, y[, z]) integers or truth values.

    Raises:
        DataError: when the file cannot be read, has several channels, another grid, or fractions.
    """
    channels = read_mask_channels(path, image, shape, image_frame)
    if channels.shape[0] != 1 and not (equal_channels and (channels[:3] == channels[:1]).all()):
        raise DataError(f"{path}: expected a mask of one channel for {image}, got {channels.shape[0]} channels")
    labels: npt.NDArray[Any] = channels[0]
    if labels.dtype.kind not in "biu":
        whole = labels.astype(np.int64)
        if not np.array_equal(whole, labels):
            raise DataError(f"{path}: expected whole label values, got fractions; was the mask interpolated?")
        labels = whole
    return labels


def read_mask_channels(
    path: Path, image: str, shape: tuple[int, ...], image_frame: Callable[[], Frame], *, colors: bool = False
) -> npt.NDArray[Any]:
    """Read the numbers of a mask (C, x, y[, z]) as they are stored, see `read_mask_values`.

    Args:
        path: the mask.
        image: what messages call its image.
        shape: size of the image's grid.
        image_frame: gives the image's place in space.
        colors: whether a picture's red, green and blue are wanted rather than its palette's numbers.

    Raises:
        DataError: when the file cannot be read or has another grid.
    """
    try:
        channels, mask_frame = _stored_mask(path, colors)
        frame = None if mask_frame is None else image_frame()
    except MedGLIPError as problem:
        raise DataError(f"expected a mask for {image}: {problem}") from problem
    if channels.shape[1:] != shape:
        raise DataError(
            f"{path}: expected a mask of {shape} as its image {image}, got {channels.shape[1:]}; "
            "resample the mask to the grid of the image"
        )
    if mask_frame is not None and frame is not None:
        _refuse_other_place(image, path, mask_frame, frame)
    return channels


def present_values(labels: npt.NDArray[np.integer[Any]]) -> list[str]:
    """Give the numbers other than 0 that are in a mask, in ascending order."""
    if labels.dtype == np.uint8:
        present = np.flatnonzero(np.bincount(labels.ravel(), minlength=256))
    else:
        present = np.unique(labels)
    return [str(int(value)) for value in present if value != 0]


def _stored_mask(path: Path, colors: bool) -> tuple[npt.NDArray[Any], Frame | None]:
    """Give the values (C, x, y[, z]) and, unless it is a picture, where they say that they lie."""
    if path.suffix.lower() in _PICTURES:
        return _picture(path, colors), None
    scan = read_image(path)
    return scan.array, scan.frame


def _refuse_other_place(name: str, path: Path, mask: Frame, image: Frame) -> None:
    """Refuse a mask whose voxels lie elsewhere than those of its image, as far as both files tell a place."""
    if mask.shape != image.shape or not (mask.orientation_known and image.orientation_known):
        return
    corners = list(product(*((0, size - 1) for size in mask.shape)))
    distance = np.linalg.norm(mask.index_to_world(corners) - image.index_to_world(corners), axis=1).max()
    shortest = np.linalg.norm(image.affine[:3, : image.spatial_dims], axis=0).min()
    if distance > MOST_VOXELS_APART * shortest:
        raise DataError(
            f"{path}: expected a mask on the grid of its image {name}, but voxels of one index lie up to "
            f"{distance:.1f} mm apart (flipped or permuted axes, or another origin or spacing); resample the mask to "
            "the grid of the image"
        )


def _picture(path: Path, colors: bool) -> npt.NDArray[Any]:
    """Give the values of a picture (C, x, y); of a palette its numbers, where `read_image` gives colors."""
    from PIL import Image

    with library_errors(path, "mask"), Image.open(path) as picture:
        plain = picture.convert("RGB") if colors else picture
        values: npt.NDArray[Any] = np.atleast_3d(np.asarray(plain)).transpose(2, 1, 0)
    return values
