# SPDX-License-Identifier: Apache-2.0
"""Refusing grids that are no picture or volume, by what a header tells: empty, too large for memory, sheared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.geometry.frames import Frame
from monai_medglip.readers.available_memory import available_bytes

__all__ = ["MAX_PIXELS", "MAX_VOXELS", "check_shape", "check_size", "refuse_shear"]

MAX_PIXELS = 512 * 2**20
"""Most pixels of a 2D image; 20,000 x 20,000 is read, a decompression bomb is not unpacked."""

MAX_VOXELS = 2**31
"""Most voxels of a volume, 8 GiB as float32."""

SHEAR_TOLERANCE_DEGREES = 0.5
"""Most deviation of two axes from a right angle, as for the tilt of a DICOM series."""


def check_size(path: Path, shape: Sequence[int], *, bytes_per_voxel: int = 4) -> None:
    """Refuse a grid that is empty or too large, from its header and before memory is taken.

    Args:
        path: the file, named in the message.
        shape: size along each spatial axis.
        bytes_per_voxel: what reading one takes at most.

    Raises:
        ImageReadError: for an axis of length 0, and when there is not enough memory.
        UnsupportedImageError: above `MAX_PIXELS` (2D) or `MAX_VOXELS`.
    """
    check_shape(path, shape)
    needed, available = math.prod(shape) * bytes_per_voxel, available_bytes()
    if available is not None and needed > available:
        raise ImageReadError(
            f"{path}: expected an image that fits into memory, the header says {tuple(shape)}, which takes "
            f"{needed / 2**30:.1f} GiB to read; {available / 2**30:.1f} GiB are free. Crop the image, reduce its "
            "resolution, or use a machine with more memory"
        )


def check_shape(path: Path, shape: Sequence[int]) -> None:
    """Refuse a grid that is empty or larger than any image, whatever memory there is.

    Args:
        path: the file, named in the message.
        shape: size along each spatial axis.

    Raises:
        ImageReadError: for an axis of length 0.
        UnsupportedImageError: above `MAX_PIXELS` (2D) or `MAX_VOXELS`.
    """
    if not shape or min(shape) < 1:
        raise ImageReadError(
            f"{path}: expected at least one pixel along each axis, the header says {tuple(shape)}; it is damaged, "
            "copy or export the file again"
        )
    limit, unit = (MAX_PIXELS, "pixels") if len(shape) == 2 else (MAX_VOXELS, "voxels")
    if math.prod(shape) > limit:
        raise UnsupportedImageError(
            f"{path}: expected at most {limit:,} {unit}, the header says {tuple(shape)}; "
            "crop the image or reduce its resolution first"
        )


def refuse_shear(where: Path | str, frame: Frame) -> None:
    """Refuse a grid in space whose axes are not at right angles.

    Lengths, distances and angles along its axes would not be those in the patient. A frame that claims nothing of
    space passes.

    Args:
        where: the file, or what else the message names.
        frame: the grid; of a 2D image, only the axes in its plane count.

    Raises:
        UnsupportedImageError: when two axes are off by more than `SHEAR_TOLERANCE_DEGREES`.
    """
    if not (frame.known_axes or frame.spacing_known):
        return
    steps = frame.affine[:3, : frame.spatial_dims]
    directions = steps / np.linalg.norm(steps, axis=0)
    cosines = np.abs(directions.T @ directions - np.eye(frame.spatial_dims))
    worst = float(np.degrees(np.arcsin(min(1.0, cosines.max()))))
    if worst > SHEAR_TOLERANCE_DEGREES:
        raise UnsupportedImageError(
            f"{where}: expected axes at right angles, the affine is sheared by {worst:.1f} degrees (a gantry "
            "tilt, or an affine registration in it); resample the image to a regular grid first"
        )
