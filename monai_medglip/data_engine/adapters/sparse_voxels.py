# SPDX-License-Identifier: Apache-2.0
"""Volumes as tables of voxels, as OpenKBP has them: the flat number of each voxel that is not 0, and its value."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ConfigurationError, DataError
from monai_medglip.geometry.frames import AxisPair, Frame

__all__ = ["SparseForm"]

_DIRECTIONS = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}


@dataclass(frozen=True)
class SparseForm:
    """How voxels are numbered in the tables of a data set, the last axis fastest.

    Args:
        shape: size of the volume along its three axes.
        orientation: to which side of the patient each axis grows, such as ``PLI``.
        spacing: name of the file beside the table with the distances of voxels along the axes [mm], one a line.

    Raises:
        ConfigurationError: for a shape or an orientation that is no volume's.
    """

    shape: tuple[int, ...]
    orientation: str
    spacing: str

    def __post_init__(self) -> None:
        """Check shape and orientation."""
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise ConfigurationError(f"expected three sizes above 0 in 'shape', got {self.shape}")
        known = {"".join(letters) for letters in product(_DIRECTIONS, repeat=3)}
        axes = {_DIRECTIONS[letter][0] for letter in self.orientation if letter in _DIRECTIONS}
        if self.orientation not in known or len(axes) != 3:
            raise ConfigurationError(
                f"expected three letters such as PLI in 'orientation', one of R L, A P and S I each, got "
                f"{self.orientation!r}"
            )

    def read_values(self, path: Path) -> npt.NDArray[Any]:
        """Read the values of a volume, 0 where the table names no voxel.

        Returns:
            (x, y, z) float32, the axes as they are numbered.

        Raises:
            DataError: when the table is damaged, or a voxel has no value or does not lie in the volume.
        """
        volume = np.zeros(self.shape, np.float32)
        numbers, values = self._columns(path, with_values=True)
        volume.ravel()[numbers] = values
        return volume

    def read_mask(self, path: Path) -> npt.NDArray[np.bool_]:
        """Read the voxels (x, y, z) that a table names.

        Raises:
            DataError: when the table is damaged, or a voxel does not lie in the volume.
        """
        mask = np.zeros(self.shape, bool)
        mask.ravel()[self._columns(path, with_values=False)[0]] = True
        return mask

    def frame(self, path: Path) -> Frame:
        """Give the place of a volume, whose first voxel lies at 0, by the spacing beside its table.

        Raises:
            DataError: when the spacing is not there, or not three numbers above 0.
        """
        file = path.with_name(self.spacing)
        try:
            spacing = [float(word) for word in file.read_text(encoding="utf-8-sig").split()]
        except (OSError, ValueError) as problem:
            raise DataError(f"{file}: expected the spacing of three axes [mm], got: {problem}") from problem
        if len(spacing) != 3 or not np.isfinite(spacing).all() or min(spacing) <= 0:
            raise DataError(f"{file}: expected the spacing of three axes above 0 mm, got {spacing}")
        affine = np.eye(4)
        affine[:3, :3] = 0
        for axis, (letter, length) in enumerate(zip(self.orientation, spacing, strict=True)):
            row, sign = _DIRECTIONS[letter]
            affine[row, axis] = sign * length
        return Frame(affine, self.shape, frozenset(AxisPair), True)

    def _columns(self, path: Path, *, with_values: bool) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Give the flat numbers of the voxels of a table, and their values."""
        numbers, values = [], []
        for line, cells in _rows(path):
            where = f"{path}, line {line}"
            try:
                numbers.append(int(cells[0]))
                if with_values:
                    values.append(float(cells[1]))
                    if not math.isfinite(values[-1]):
                        raise ValueError
            except (ValueError, IndexError):
                wanted = "the number of a voxel and its value" if with_values else "the number of a voxel"
                raise DataError(f"{where}: expected {wanted}, got {','.join(cells)!r}") from None
            if not 0 <= numbers[-1] < int(np.prod(self.shape)):
                raise DataError(f"{where}: expected a voxel of a volume of {self.shape}, got number {numbers[-1]}")
        return np.array(numbers, np.int64), np.array(values, np.float64)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Give the rows below the header with their lines, blank ones left out."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            next(reader, None)
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DataError(f"{path}: expected a table of voxels, got: {problem}") from problem
