# SPDX-License-Identifier: Apache-2.0
"""The voxel grid of an image, its place in space, and how much of that place is really known.

A frame has no pixels. What it claims to know decides what may be answered: no left or right without laterality, no
millimeter without spacing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import GeometryError
from monai_medglip.geometry.affine import check_affine

__all__ = ["AxisPair", "Frame"]

FloatArray = npt.NDArray[np.float64]


class AxisPair(Enum):
    """An axis of the patient, named by its two ends; the value is the RAS+ world axis (see the conventions page)."""

    LEFT_RIGHT = 0
    POSTERIOR_ANTERIOR = 1
    INFERIOR_SUPERIOR = 2


@dataclass(frozen=True, eq=False)
class Frame:
    """A voxel grid and its place in space.

    Args:
        affine: ``(4, 4)``, voxel-center index to RAS+ world [mm]. A 2D image has one too: its third column is the
            normal of the plane, its third index is 0.
        shape: Voxels along each array axis, ``(x, y)`` or ``(x, y, z)``.
        known_axes: The patient axes that the affine truly tells.
        spacing_known: Whether the affine's lengths are real millimeters.

    Raises:
        GeometryError: An affine, a shape or an axis that cannot be.
    """

    affine: FloatArray
    shape: tuple[int, ...]
    known_axes: frozenset[AxisPair] = frozenset()
    spacing_known: bool = False

    def __post_init__(self) -> None:
        affine = check_affine(self.affine)
        affine.flags.writeable = False
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", _checked_shape(self.shape))
        object.__setattr__(self, "known_axes", _checked_axes(self.known_axes))
        object.__setattr__(self, "spacing_known", bool(self.spacing_known))

    @classmethod
    def pixel(cls, shape: tuple[int, ...]) -> Frame:
        """Returns the frame of an image that knows nothing of space, such as a PNG: identity affine, nothing known."""
        return cls(np.eye(4), shape)

    @property
    def spatial_dims(self) -> int:
        """2 or 3."""
        return len(self.shape)

    @property
    def axes(self) -> tuple[AxisPair, ...]:
        """The patient axis that each array axis runs along most closely, each at most once; known or not."""
        cosines = np.abs(self.affine[:3, : self.spatial_dims])
        cosines = cosines / np.linalg.norm(cosines, axis=0)
        columns = range(self.spatial_dims)
        best = max(permutations(range(3), self.spatial_dims), key=lambda rows: float(cosines[rows, columns].sum()))
        return tuple(AxisPair(row) for row in best)

    @property
    def laterality_known(self) -> bool:
        """Whether the patient's left and right can be told apart."""
        return AxisPair.LEFT_RIGHT in self.known_axes

    @property
    def orientation_known(self) -> bool:
        """Whether all patient axes are known that the array axes run along: three in a volume, two in a 2D image."""
        return self.known_axes.issuperset(self.axes)

    @property
    def spacing_mm(self) -> tuple[float, ...]:
        """The distance between neighboring voxel centers along each array axis [mm].

        Raises:
            GeometryError: The spacing is not known.
        """
        self.require_spacing()
        return tuple(float(length) for length in np.linalg.norm(self.affine[:3, : self.spatial_dims], axis=0))

    @property
    def extent(self) -> FloatArray:
        """The box of the whole grid, ``(2D,)`` voxel edges: ``[0, .., shape, ..]``."""
        return np.array((0,) * self.spatial_dims + self.shape, dtype=np.float64)

    def require_spacing(self) -> None:
        """Raises GeometryError if lengths in millimeters are not known."""
        if not self.spacing_known:
            raise GeometryError(
                "lengths in millimeters need a known voxel spacing, but this frame has none (a PNG or JPEG carries no "
                "spacing); use voxel coordinates, or read the image from a file that carries it"
            )

    def require_position(self) -> None:
        """Raises GeometryError if positions in the patient in millimeters are not known."""
        self.require_spacing()
        if not self.orientation_known:
            missing = [axis.name.lower() for axis in self.axes if axis not in self.known_axes]
            raise GeometryError(
                f"positions in the patient need known axes, but {', '.join(missing)} is not known in this frame; "
                "use voxel coordinates, or edge_to_world() for the file's own world"
            )

    def index_to_world(self, points: npt.ArrayLike) -> FloatArray:
        """Maps voxel-center indices ``(N, D)`` to RAS+ world ``(N, 3)``; [mm] only where the spacing is known."""
        array = _checked_points(points, self.spatial_dims)
        world: FloatArray = array @ self.affine[:3, : self.spatial_dims].T + self.affine[:3, 3]
        return world

    def world_to_index(self, points: npt.ArrayLike) -> FloatArray:
        """Maps RAS+ world ``(N, 3)`` to voxel-center indices ``(N, D)``; in 2D along the normal axis into the plane."""
        array = _checked_points(points, 3)
        index: FloatArray = np.linalg.solve(self.affine[:3, :3], (array - self.affine[:3, 3]).T).T
        return index[:, : self.spatial_dims]

    def edge_to_world(self, points: npt.ArrayLike) -> FloatArray:
        """Maps voxel-edge coordinates ``(N, D)``, such as corners of boxes, to RAS+ world ``(N, 3)``."""
        return self.index_to_world(_checked_points(points, self.spatial_dims) - 0.5)

    def world_to_edge(self, points: npt.ArrayLike) -> FloatArray:
        """Maps RAS+ world ``(N, 3)`` to voxel-edge coordinates ``(N, D)``."""
        return self.world_to_index(points) + 0.5

    def to_dict(self) -> dict[str, Any]:
        """Returns the frame as plain JSON values; `from_dict` reads them back."""
        return {
            "affine": self.affine.tolist(),
            "shape": list(self.shape),
            "known_axes": [axis.name.lower() for axis in AxisPair if axis in self.known_axes],
            "spacing_known": self.spacing_known,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Frame:
        """Returns the frame that `to_dict` wrote.

        Raises:
            GeometryError: A key is missing, an axis has an unknown name, or the frame cannot be.
        """
        try:
            affine, shape = values["affine"], values["shape"]
            names, spacing_known = values["known_axes"], values["spacing_known"]
        except KeyError as error:
            raise GeometryError(
                f"a frame needs affine, shape, known_axes and spacing_known, got {sorted(values)}"
            ) from error
        if not isinstance(names, list):
            raise GeometryError(f"known_axes must be a list of names, got {names!r}")
        if not isinstance(spacing_known, bool):
            raise GeometryError(f"spacing_known must be true or false, got {spacing_known!r}")
        return cls(affine, shape, frozenset(_axis_named(name) for name in names), spacing_known)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frame):
            return NotImplemented
        return (
            self.shape == other.shape
            and self.known_axes == other.known_axes
            and self.spacing_known == other.spacing_known
            and np.allclose(self.affine, other.affine, rtol=1e-6, atol=1e-6)
        )

    def __hash__(self) -> int:
        # Without the affine: frames that are equal within rounding must hash alike.
        return hash((self.shape, self.known_axes, self.spacing_known))

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor, because a pickled array forgets that it is read-only.
        return Frame, (self.affine, self.shape, self.known_axes, self.spacing_known)

    def __repr__(self) -> str:
        axes = [axis.name.lower() for axis in AxisPair if axis in self.known_axes]
        spacing = " x ".join(f"{length:.4g}" for length in self.spacing_mm) + " mm" if self.spacing_known else "unknown"
        return f"Frame(shape={self.shape}, spacing={spacing}, known axes: {', '.join(axes) or 'none'})"


def _checked_shape(shape: object) -> tuple[int, ...]:
    sizes = np.asarray(shape)
    if sizes.shape not in ((2,), (3,)) or sizes.dtype.kind not in "iu" or sizes.min() < 1:
        raise GeometryError(f"a frame's shape must be (x, y) or (x, y, z) with at least one voxel each, got {shape}")
    return tuple(sizes.tolist())


def _checked_axes(axes: frozenset[AxisPair]) -> frozenset[AxisPair]:
    strange = [axis for axis in axes if not isinstance(axis, AxisPair)]
    if strange:
        raise GeometryError(f"known_axes must be members of AxisPair, got {strange}")
    return frozenset(axes)


def _checked_points(points: npt.ArrayLike, dims: int) -> FloatArray:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != dims:
        raise GeometryError(
            f"points must have shape (N, {dims}), got {array.shape}; give a single point a leading axis"
        )
    return array


def _axis_named(name: object) -> AxisPair:
    for axis in AxisPair:
        if axis.name.lower() == name:
            return axis
    raise GeometryError(f"a known axis must be one of {[axis.name.lower() for axis in AxisPair]}, got {name!r}")
