# SPDX-License-Identifier: Apache-2.0
"""Binary masks as run lengths in COCO's compressed coding, for 2D images and volumes; no polygons, no files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from monai_medglip.errors import GeometryError
from monai_medglip.geometry.box_from_mask import box_from_mask

__all__ = ["MaskRLE"]


@dataclass(frozen=True)
class MaskRLE:
    """A binary mask of an image grid, small enough to keep hundreds of them.

    The runs count background and foreground in turn, the last array axis fastest. For a 2D mask (x, y) that is
    column by column, so that ``counts`` is COCO's coding of the picture [height, width]. A volume (x, y, z) is coded
    as the flat picture [y * z, x].

    Args:
        shape: size of the grid, (x, y) or (x, y, z).
        counts: the runs in COCO's compressed coding.

    Raises:
        GeometryError: when the shape is not that of an image, or the runs do not fill it.

    Example:
        >>> mask = MaskRLE.encode(np.eye(3, dtype=bool))
        >>> mask.area, mask.box.tolist()
        (3, [0.0, 0.0, 3.0, 3.0])
    """

    shape: tuple[int, ...]
    counts: bytes

    def __post_init__(self) -> None:
        """Check the shape and that the runs fill it exactly: decoding trusts both."""
        shape = tuple(int(size) for size in self.shape)
        object.__setattr__(self, "shape", shape)
        if len(shape) not in (2, 3) or min(shape) < 1:
            raise GeometryError(f"a mask must have a shape (x, y) or (x, y, z) of positive sizes, got {shape}")
        runs = _run_lengths(self.counts)
        if runs.min() < 0 or runs.sum() != math.prod(shape):
            raise GeometryError(
                f"the runs of a mask of shape {shape} must not be negative and add up to {math.prod(shape)} voxels, "
                f"got {runs.sum()}; was the mask made for another image?"
            )

    @classmethod
    def encode(cls, mask: npt.ArrayLike) -> MaskRLE:
        """Code an array of shape (x, y) or (x, y, z); every value other than 0 is foreground."""
        dense = np.asarray(mask)
        if dense.ndim not in (2, 3) or dense.size == 0:
            raise GeometryError(f"a mask must have shape (x, y) or (x, y, z), not empty; got {dense.shape}")
        foreground = np.ascontiguousarray(dense != 0).view(np.uint8)
        return cls(dense.shape, bytes(coco_mask.encode(foreground.reshape(dense.shape[0], -1).T)["counts"]))

    @classmethod
    def from_coco(cls, segmentation: Mapping[str, Any]) -> MaskRLE:
        """Take over COCO's run lengths of a picture.

        Args:
            segmentation: ``{"size": [height, width], "counts": ...}``; counts compressed (str or bytes) or a list.

        Returns:
            The mask in array order (x, y).

        Raises:
            GeometryError: when the runs do not fill the size.
        """
        height, width = (int(size) for size in segmentation["size"])
        counts = segmentation["counts"]
        if isinstance(counts, Sequence) and not isinstance(counts, (str, bytes)):
            counts = coco_mask.frPyObjects({"size": [height, width], "counts": list(counts)}, height, width)["counts"]
        return cls((width, height), counts.encode("ascii") if isinstance(counts, str) else bytes(counts))

    def to_coco(self) -> dict[str, Any]:
        """Give ``{"size": [height, width], "counts": str}`` as COCO's tools read it.

        Raises:
            GeometryError: for a volume, which COCO has no form for.
        """
        if len(self.shape) != 2:
            raise GeometryError(f"COCO codes 2D masks (x, y), this one is {self.shape}; write volumes as NIfTI masks")
        return {"size": [self.shape[1], self.shape[0]], "counts": self.counts.decode("ascii")}

    def decode(self) -> npt.NDArray[np.bool_]:
        """Give the mask as a bool array of shape `shape`."""
        flat = coco_mask.decode(self._picture())
        return np.ascontiguousarray(flat.T).reshape(self.shape).view(np.bool_)

    @property
    def area(self) -> int:
        """Number of foreground voxels."""
        return int(coco_mask.area(self._picture()))

    @property
    def box(self) -> npt.NDArray[np.float64]:
        """Bounds (2D,) of the foreground in voxel edges, ``[lo..., hi...]``.

        Raises:
            GeometryError: for an empty mask.
        """
        if len(self.shape) == 3 or not self.area:
            return box_from_mask(self.decode())
        x, y, width, height = coco_mask.toBbox(self._picture())
        return np.array([x, y, x + width, y + height])

    def common_area(self, other: MaskRLE) -> int:
        """Give the number of voxels that are foreground in both masks, without decoding them.

        Raises:
            GeometryError: when the masks are of different grids.
        """
        if self.shape != other.shape:
            raise GeometryError(f"expected masks of one grid, got {self.shape} and {other.shape}")
        return int(coco_mask.area(coco_mask.merge([self._picture(), other._picture()], intersect=True)))

    def _picture(self) -> dict[str, Any]:
        return {"size": [math.prod(self.shape[1:]), self.shape[0]], "counts": self.counts}


def _run_lengths(counts: bytes) -> npt.NDArray[np.int64]:
    """Undo COCO's coding: five bits a character, low bits first, each run after the third less the one before last."""
    codes = np.frombuffer(counts, np.uint8).astype(np.int64) - 48
    last = (codes & 32) == 0
    if codes.size == 0 or codes.min() < 0 or codes.max() > 63 or not last[-1]:
        raise GeometryError("the runs of a mask are not COCO's compressed coding, or were cut off in a number")
    starts = np.concatenate([[0], np.flatnonzero(last)[:-1] + 1])
    digit = np.arange(codes.size) - np.repeat(starts, np.diff(starts, append=codes.size))
    if digit.max() > 6:
        raise GeometryError("the runs of a mask hold a number of more than 35 bits, which no image needs")
    signed = np.where(last & ((codes & 16) != 0), (codes & 31) - 32, codes & 31)
    runs = np.add.reduceat(signed << (5 * digit), starts)
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    return runs
