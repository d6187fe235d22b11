# SPDX-License-Identifier: Apache-2.0
"""An image in memory: pixels, their place in space, modality and origin; it knows no file format and no network."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging.modality import Modality
from monai_medglip.side_by_side import side_by_side

__all__ = ["ImageSource", "Scan"]

_PIECE = 2**17


@dataclass(frozen=True)
class ImageSource:
    """Where pixels come from.

    Args:
        path: the file or folder, or None for an array.
        sop_instance_uids: the DICOM instances in the order of the last array axis; one for a single image.
        frame_numbers: which frame of each instance, counted from 1; empty where the instances have a single frame.
        volume: what tells this volume of a series from others at the same place, such as "EchoTime 4.6"; may be empty.
        is_resampled: whether the pixels of a slice are not those of the instance, as after a gantry tilt was undone;
            places in the patient hold, indices of pixels in the instance do not.
    """

    path: str | None = None
    sop_instance_uids: tuple[str, ...] = ()
    frame_numbers: tuple[int, ...] = ()
    volume: str = ""
    is_resampled: bool = False


@dataclass(frozen=True, eq=False)
class Scan:
    """A 2D image or a volume, with what is known about it and nothing guessed.

    Args:
        array: pixels (C, x, y) or (C, x, y, z); C is 1 (grey) or 3 (red, green, blue); integers or finite floats.
        frame: the grid's place in space; its shape is that of the array without channels.
        modality: the kind of imaging, `Modality.UNKNOWN` where the file does not say.
        source: where the pixels come from.
        body_region: a region of the project's body region table, or None.

    Raises:
        ImageReadError: when the array is not such an image, or does not fit the frame.
    """

    array: npt.NDArray[np.generic]
    frame: Frame
    modality: Modality = Modality.UNKNOWN
    source: ImageSource = field(default_factory=ImageSource)
    body_region: str | None = None

    def __post_init__(self) -> None:
        """Check rank, channels, data type, fit with the frame, and that every value is finite."""
        array, where = self.array, self.source.path or "the array"
        if array.ndim not in (3, 4) or array.size == 0:
            raise ImageReadError(
                f"{where}: expected pixels of shape (C, x, y) or (C, x, y, z), none of them 0; got {array.shape}"
            )
        if array.shape[0] not in (1, 3):
            raise ImageReadError(f"{where}: expected 1 channel (grey) or 3 (RGB), got {array.shape[0]}")
        if array.shape[1:] != tuple(self.frame.shape):
            raise ImageReadError(
                f"{where}: expected pixels that fit the frame's shape {self.frame.shape}, got {array.shape[1:]}"
            )
        if array.dtype.kind not in "uif":
            raise ImageReadError(f"{where}: expected integer or real pixels, got data type {array.dtype}")
        self._check_finite(where)

    def _check_finite(self, where: str) -> None:
        if self.array.dtype.kind != "f":
            return
        if _all_finite(self.array):
            return
        finite = np.isfinite(self.array)
        bad = self.array.size - int(np.count_nonzero(finite))
        low, high = _bounds(~finite.all(axis=0))
        raise ImageReadError(
            f"{where}: expected finite pixels, {bad} of {self.array.size} are NaN or infinite, the first and last "
            f"along each axis at {low} and {high}; replace them by the background's value, as "
            "numpy.nan_to_num(array, nan=value) does"
        )

    @property
    def spatial_shape(self) -> tuple[int, ...]:
        """Size of the grid, (x, y) or (x, y, z)."""
        return tuple(self.array.shape[1:])

    @property
    def spatial_dims(self) -> int:
        """2 for an image, 3 for a volume."""
        return self.array.ndim - 1

    def __repr__(self) -> str:
        """One line without the pixels."""
        return (
            f"Scan({self.array.dtype} {self.array.shape}, {self.modality}, "
            f"body_region={self.body_region!r}, path={self.source.path!r})"
        )


def _all_finite(array: npt.NDArray[np.generic]) -> bool:
    """Whether no value is NaN or infinite, by the ends of pieces that fit a cache, which is faster than each."""
    values = array.ravel("K")
    found: list[bool] = []

    def look(start: int) -> None:
        piece = values[start : start + _PIECE]
        # Both ends are NaN where any value is.
        found.append(bool(np.isfinite(piece.min()) and np.isfinite(piece.max())))

    side_by_side(look, range(0, values.size, _PIECE))
    return all(found)


def _bounds(mask: npt.NDArray[np.bool_]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The lowest and highest index along each axis of a mask that is not empty."""
    others = [tuple(other for other in range(mask.ndim) if other != axis) for axis in range(mask.ndim)]
    hits = [np.flatnonzero(mask.any(axis=axes)) for axes in others]
    return tuple(int(hit[0]) for hit in hits), tuple(int(hit[-1]) for hit in hits)
