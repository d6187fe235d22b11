# SPDX-License-Identifier: Apache-2.0
"""What the axes of a stored array are, so that it can be brought into the order of a scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.array_file import array_shape, read_array
from monai_medglip.errors import ConfigurationError, DataError

__all__ = ["ArrayForm"]

_LETTERS = "nxyzc"


@dataclass(frozen=True)
class ArrayForm:
    """The axes of an array in a file.

    Args:
        axes: a letter for each axis in stored order: ``x`` (columns), ``y`` (rows), ``z`` (slices), ``c`` (colors, or
            classes of a mask), ``n`` (images, where a file holds many).
        key: the array's name, for .npz and .mat.
        item: which image along ``n``, counted from 0; set when the images are listed.

    Raises:
        ConfigurationError: for axes that are no image's.

    Example:
        >>> ArrayForm("nyxc", item=1).arranged(np.zeros((5, 4, 6, 3))).shape
        (3, 6, 4)
    """

    SHORT_FORM: ClassVar[str] = "axes"

    axes: str
    key: str | None = None
    item: int | None = None

    def __post_init__(self) -> None:
        """Check the letters."""
        letters = set(self.axes)
        if len(letters) != len(self.axes) or not {"x", "y"} <= letters <= set(_LETTERS):
            raise ConfigurationError(
                f"expected the letters x and y, and perhaps z, c, n, each once, in 'axes', got {self.axes!r}"
            )

    @property
    def has_many(self) -> bool:
        """Whether a file holds many images."""
        return "n" in self.axes

    @property
    def has_channels(self) -> bool:
        """Whether an image has colors or classes."""
        return "c" in self.axes

    def count(self, path: Path) -> int:
        """Give how many images a local file holds; 1 where it holds one.

        Raises:
            DataError: when the file is damaged, or the array has other axes.
        """
        if not self.has_many:
            return 1
        shape = array_shape(path, self.key)
        self._check(shape, str(path))
        return shape[self.axes.index("n")]

    def of_item(self, item: int) -> ArrayForm:
        """Give the form of one image of many."""
        return replace(self, item=item)

    def read(self, path: Path) -> npt.NDArray[Any]:
        """Read the image from a local file.

        Returns:
            (C, x, y[, z]); C is 1 without colors.

        Raises:
            DataError: when the file is damaged, the array has other axes, or has no such image.
        """
        return self.arranged(read_array(path, self.key), str(path))

    def arranged(self, array: npt.NDArray[Any], where: str = "the array") -> npt.NDArray[Any]:
        """Bring an array into the order (C, x, y[, z]).

        Raises:
            DataError: when it has other axes, or no such image.
        """
        self._check(array.shape, where)
        axes = self.axes
        if self.has_many:
            place, item = axes.index("n"), self.item or 0
            if not 0 <= item < array.shape[place]:
                raise DataError(f"{where}: expected an image of number {item}, there are {array.shape[place]}")
            array, axes = array.take(item, axis=place), axes.replace("n", "")
        order = [axes.index(letter) for letter in "cxyz" if letter in axes]
        ordered = np.ascontiguousarray(array.transpose(order))
        return ordered if self.has_channels else ordered[None]

    def _check(self, shape: tuple[int, ...], where: str) -> None:
        if len(shape) != len(self.axes):
            raise DataError(f"{where}: expected an array with the axes {self.axes!r}, got the shape {shape}")
