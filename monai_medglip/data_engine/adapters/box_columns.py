# SPDX-License-Identifier: Apache-2.0
"""The columns of a table that hold boxes, in the forms that public tables have; all become pixel edges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from monai_medglip.data_engine.adapters.drawn_box import PixelCounting, box_between
from monai_medglip.data_engine.tables import TableRow

__all__ = ["BoxColumns", "BoxForm", "CornerAndSize", "Corners", "InOneColumn"]

Box = tuple[float, ...]

_NOTHING = ("", "nan", "none", "null")


class BoxForm(str, Enum):
    """What the four numbers of a box are."""

    CORNERS = "corners"
    """Low x, low y, high x, high y."""
    CORNER_AND_SIZE = "corner_and_size"
    """Low x, low y, width, height."""


@dataclass(frozen=True)
class Corners:
    """Columns of the two corners.

    Args:
        x_low: column of the low x; the others alike.
        y_low: column of the low y.
        x_high: column of the high x.
        y_high: column of the high y.
        counting: what the coordinates are.
    """

    x_low: str
    y_low: str
    x_high: str
    y_high: str
    counting: PixelCounting = PixelCounting.EDGES

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that must be there."""
        return (self.x_low, self.y_low, self.x_high, self.y_high)

    def boxes(self, row: TableRow) -> tuple[Box, ...]:
        """Give the box of a row, none where all cells are empty.

        Raises:
            DataError: when a cell is no number, some are empty, or the box has no size.
        """
        if all_empty(row, self.columns):
            return ()
        x_low, y_low, x_high, y_high = (row.number(column) for column in self.columns)
        return (box_between((x_low, y_low), (x_high, y_high), self.counting, row.where),)


@dataclass(frozen=True)
class CornerAndSize:
    """Columns of the low corner, width and height.

    Args:
        x: column of the low x, in edges.
        y: column of the low y.
        width: column of the width.
        height: column of the height.
    """

    x: str
    y: str
    width: str
    height: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that must be there."""
        return (self.x, self.y, self.width, self.height)

    def boxes(self, row: TableRow) -> tuple[Box, ...]:
        """Give the box of a row, see `Corners.boxes`."""
        if all_empty(row, self.columns):
            return ()
        x, y, width, height = (row.number(column) for column in self.columns)
        return (box_between((x, y), (x + width, y + height), PixelCounting.EDGES, row.where),)


@dataclass(frozen=True)
class InOneColumn:
    """One column with the four numbers of each box, divided by commas or blanks, perhaps in brackets.

    Args:
        column: the column.
        form: what the numbers are.
        counting: what the coordinates of corners are.
    """

    column: str
    form: BoxForm = BoxForm.CORNERS
    counting: PixelCounting = PixelCounting.EDGES

    @property
    def columns(self) -> tuple[str, ...]:
        """The column that must be there."""
        return (self.column,)

    def boxes(self, row: TableRow) -> tuple[Box, ...]:
        """Give the boxes of a row, none where the cell is empty.

        Raises:
            DataError: when the cell is no list of four numbers for each box.
        """
        if all_empty(row, self.columns):
            return ()
        text = row.required(self.column)
        words = text.translate(str.maketrans("[](){},;", " " * 8)).split()
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            row.fail(f"expected numbers in column {self.column!r}, got {text!r}")
        if not numbers or len(numbers) % 4:
            row.fail(f"expected four numbers for each box in column {self.column!r}, got {text!r}")
        return tuple(self._box(numbers[start : start + 4], row) for start in range(0, len(numbers), 4))

    def _box(self, numbers: list[float], row: TableRow) -> Box:
        x, y, third, fourth = numbers
        if self.form is BoxForm.CORNER_AND_SIZE:
            return box_between((x, y), (x + third, y + fourth), PixelCounting.EDGES, row.where)
        return box_between((x, y), (third, fourth), self.counting, row.where)


BoxColumns = Corners | CornerAndSize | InOneColumn


def all_empty(row: TableRow, columns: tuple[str, ...]) -> bool:
    """Tell whether all cells of some columns are empty, or say in a program's words that they are."""
    return all((row.optional(column) or "").casefold() in _NOTHING for column in columns)
