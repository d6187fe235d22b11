# SPDX-License-Identifier: Apache-2.0
"""Boxes with the frame that their numbers live in, 2D and 3D by one class.

This is what the public API takes and gives. Inside batches, networks and losses boxes are bare tensors; overlap
measures are in :mod:`monai_medglip.geometry.overlap`. A `Boxes` knows no scores, no phrases and no image content.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import GeometryError
from monai_medglip.geometry.affine import map_boxes
from monai_medglip.geometry.box_arrays import box_array, clip_boxes
from monai_medglip.geometry.frames import Frame

__all__ = ["Boxes"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Boxes:
    """N boxes in the voxel-edge coordinates of a frame.

    Args:
        data: ``(N, 2D)``, ``[lo_0..lo_D-1, hi_0..hi_D-1]`` in array-axis order; voxel i covers ``[i, i + 1)``.
        frame: The grid that the coordinates belong to.

    Raises:
        GeometryError: The data are no boxes, or their dimension is not the frame's.

    Example:
        >>> boxes = Boxes(np.array([[2, 3, 5, 7]]), Frame.pixel((10, 10)))
        >>> boxes.sizes.tolist()
        [[3.0, 4.0]]
    """

    data: FloatArray
    frame: Frame

    def __post_init__(self) -> None:
        data = box_array(self.data)
        if data.shape[1] != 2 * self.frame.spatial_dims:
            raise GeometryError(
                f"boxes in a {self.frame.spatial_dims}D frame must have shape (N, {2 * self.frame.spatial_dims}), "
                f"got {data.shape}"
            )
        data.flags.writeable = False
        object.__setattr__(self, "data", data)

    @classmethod
    def empty(cls, frame: Frame) -> Boxes:
        """Returns no boxes in that frame."""
        return cls(np.zeros((0, 2 * frame.spatial_dims)), frame)

    @classmethod
    def concatenate(cls, parts: Sequence[Boxes]) -> Boxes:
        """Returns the boxes of all parts, in order.

        Raises:
            GeometryError: There is no part, or the parts live in different frames.
        """
        if not parts:
            raise GeometryError(
                "concatenate needs at least one Boxes to know the frame, got none; use Boxes.empty(frame)"
            )
        frame = parts[0].frame
        if any(part.frame != frame for part in parts):
            raise GeometryError("boxes of different frames cannot be joined; bring them into one with to_frame() first")
        return cls(np.concatenate([part.data for part in parts]), frame)

    @property
    def spatial_dims(self) -> int:
        """2 or 3."""
        return self.frame.spatial_dims

    @property
    def low(self) -> FloatArray:
        """The low edges, ``(N, D)``."""
        return self.data[:, : self.spatial_dims]

    @property
    def high(self) -> FloatArray:
        """The high edges, ``(N, D)``."""
        return self.data[:, self.spatial_dims :]

    @property
    def centers(self) -> FloatArray:
        """The midpoints, ``(N, D)`` voxel-edge coordinates."""
        return (self.low + self.high) / 2

    @property
    def sizes(self) -> FloatArray:
        """The side lengths, ``(N, D)`` voxels."""
        return self.high - self.low

    @property
    def volumes(self) -> FloatArray:
        """The areas or volumes, ``(N,)`` voxels."""
        return np.asarray(self.sizes.prod(axis=1))

    def sizes_mm(self) -> FloatArray:
        """Returns the side lengths along the array axes, ``(N, D)`` [mm].

        Raises:
            GeometryError: The frame's spacing is not known.
        """
        return self.sizes * np.array(self.frame.spacing_mm, dtype=np.float64)

    def centers_mm(self) -> FloatArray:
        """Returns the midpoints in the patient, ``(N, 3)`` RAS+ [mm].

        Raises:
            GeometryError: The frame's spacing or orientation is not known.
        """
        self.frame.require_position()
        return self.frame.edge_to_world(self.centers)

    def corners_mm(self) -> FloatArray:
        """Returns all corners in the patient, ``(N, 2**D, 3)`` RAS+ [mm], the last array axis changing fastest.

        Raises:
            GeometryError: The frame's spacing or orientation is not known.
        """
        self.frame.require_position()
        is_high = np.array(list(product((False, True), repeat=self.spatial_dims)))
        corners = np.where(is_high, self.high[:, None], self.low[:, None])
        return self.frame.edge_to_world(corners.reshape(-1, self.spatial_dims)).reshape(len(self), len(is_high), 3)

    def clip(self) -> Boxes:
        """Returns the parts inside the frame's grid; a box wholly outside becomes one without size on the border."""
        return Boxes(clip_boxes(self.data, self.frame.extent), self.frame)

    def to_frame(self, frame: Frame) -> Boxes:
        """Returns the axis-aligned bounds of the boxes in another frame of the same world; not clipped.

        Raises:
            GeometryError: The frames differ in dimension, or are 2D and do not lie in one plane.
        """
        if frame.spatial_dims != self.spatial_dims:
            raise GeometryError(f"{self.spatial_dims}D boxes need a {self.spatial_dims}D frame, got {frame}")
        return Boxes(map_boxes(self.data, self.frame.affine, frame.affine), frame)

    def __len__(self) -> int:
        return len(self.data)

    @overload
    def __getitem__(self, index: int) -> FloatArray: ...

    @overload
    def __getitem__(self, index: slice | Sequence[int] | Sequence[bool] | npt.NDArray[Any]) -> Boxes: ...

    def __getitem__(self, index: int | slice | Sequence[int] | Sequence[bool] | npt.NDArray[Any]) -> FloatArray | Boxes:
        """One row for an int, else the boxes that a slice, a mask or row numbers choose."""
        if isinstance(index, (int, np.integer)):
            row: FloatArray = self.data[index]
            return row
        chosen = index if isinstance(index, slice) else _row_index(index)
        return Boxes(self.data[chosen], self.frame)

    def __iter__(self) -> Iterator[FloatArray]:
        return iter(self.data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Boxes):
            return NotImplemented
        return self.frame == other.frame and np.array_equal(self.data, other.data)

    __hash__ = None  # type: ignore[assignment]  # equal within the frame's rounding, so no stable hash

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor, because a pickled array forgets that it is read-only.
        return Boxes, (self.data, self.frame)

    def __repr__(self) -> str:
        rows = [np.array2string(row, precision=2, separator=", ", suppress_small=True) for row in self.data[:3]]
        more = [f"... {len(self) - 3} more"] if len(self) > 3 else []
        return f"Boxes({len(self)} in {self.frame.shape}: {', '.join(rows + more) or 'none'})"


def _row_index(index: Sequence[int] | Sequence[bool] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Row numbers or a mask as an array of one axis; an empty list chooses nothing."""
    array = np.asarray(index)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "biu"):
        raise GeometryError(f"boxes are chosen by an int, a slice, a mask (N,) or row numbers (K,), got {index!r}")
    return array if array.size else array.astype(np.intp)
