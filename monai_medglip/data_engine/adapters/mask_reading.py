# SPDX-License-Identifier: Apache-2.0
"""Mask files as the readers of layouts want them: on the grid of a scan, local or remote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.local_copy import local_copy
from monai_medglip.data_engine.mask_values import read_mask_channels, read_mask_values
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["mask_colors", "mask_foreground", "mask_numbers", "refuse_no_files"]


def mask_numbers(path: Path, scan: Scan) -> npt.NDArray[np.integer[Any]]:
    """Give the whole numbers (x, y[, z]) of a label map; grey pictures that were saved in color are taken.

    Raises:
        DataError: when the file cannot be read, has fractions, differing channels, or another grid than the scan.
    """
    with local_copy(path) as local:
        return read_mask_values(local, _name(scan), scan.spatial_shape, lambda: scan.frame, equal_channels=True)


def mask_foreground(path: Path, scan: Scan, above: int) -> npt.NDArray[np.bool_]:
    """Give where (x, y[, z]) a mask is greater than a number in any of its colors; transparency does not count.

    Raises:
        DataError: when the file cannot be read or has another grid than the scan.
    """
    with local_copy(path) as local:
        channels = read_mask_channels(local, _name(scan), scan.spatial_shape, lambda: scan.frame)
    without_alpha = channels[: {2: 1, 4: 3}.get(channels.shape[0], channels.shape[0])]
    inside: npt.NDArray[np.bool_] = np.any(without_alpha > above, axis=0)
    return inside


def mask_colors(path: Path, scan: Scan) -> npt.NDArray[np.uint8]:
    """Give the colors (3, x, y) of a mask that is a picture.

    Raises:
        DataError: when the file cannot be read, is no picture in color, or has another grid than the scan.
    """
    with local_copy(path) as local:
        channels = read_mask_channels(local, _name(scan), scan.spatial_shape, lambda: scan.frame, colors=True)
    if channels.shape[0] != 3 or channels.dtype != np.uint8:
        raise DataError(f"{path}: expected a mask in color, got {channels.shape[0]} channels of {channels.dtype}")
    return channels


def refuse_no_files(scan: Scan, patterns: tuple[str, ...]) -> None:
    """Raise a `DataError` that says which annotation files of an image are not there."""
    raise DataError(
        f"{_name(scan)}: expected annotation files {' or '.join(patterns)} for this image, there are none; say under "
        "'without_file' of the layout what such an image is"
    )


def _name(scan: Scan) -> str:
    return scan.source.path or "the image"
