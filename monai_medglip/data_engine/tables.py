# SPDX-License-Identifier: Apache-2.0
"""Tab- and comma-separated tables whose every problem names file and row; the caller knows what columns mean."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NoReturn, TypeVar

from monai_medglip.errors import DataError

__all__ = ["TableRow", "read_table"]

Choice = TypeVar("Choice", bound=Enum)


@dataclass(frozen=True)
class TableRow:
    """One row of a table file.

    Args:
        path: the file.
        line: line number in the file, the header is 1.
        cells: text by column name; ``-`` and blanks are stored as the empty string.
    """

    path: Path
    line: int
    cells: dict[str, str]

    @property
    def where(self) -> str:
        """This file and row, in the words of messages."""
        return f"{self.path}, line {self.line}"

    def fail(self, message: str) -> NoReturn:
        """Raise a `DataError` that names this file and row."""
        raise DataError(f"{self.where}: {message}")

    def required(self, column: str) -> str:
        """Give the text of a column that must not be empty."""
        return self.cells.get(column) or self.fail(f"expected a value in column {column!r}, it is empty; fill it in")

    def optional(self, column: str) -> str | None:
        """Give the text of a column, or None where it is empty or absent."""
        return self.cells.get(column) or None

    def choice(self, column: str, choices: type[Choice], default: Choice | None = None) -> Choice:
        """Give the member of an enum that a column names; without a default the column must not be empty."""
        text = self.optional(column)
        if text is None and default is not None:
            return default
        try:
            return choices(self.required(column))
        except ValueError:
            words = ", ".join(str(choice.value) for choice in choices)
            self.fail(f"expected one of {words} in column {column!r}, got {text!r}")

    def yes_or_no(self, column: str, default: bool) -> bool:
        """Give the truth of a ``yes`` / ``no`` column."""
        text = self.optional(column)
        if text is None:
            return default
        if text not in ("yes", "no"):
            self.fail(f"expected yes or no in column {column!r}, got {text!r}")
        return text == "yes"

    def number(self, column: str, kind: type[float] = float) -> float:
        """Give the number in a column, an int where `kind` is int."""
        text = self.required(column)
        try:
            return kind(text)
        except ValueError:
            self.fail(f"expected a number in column {column!r}, got {text!r}")


def read_table(path: Path, columns: Sequence[str | Collection[str]], *, delimiter: str = "\t") -> list[TableRow]:
    """Read a table with a header line.

    Args:
        path: the file, UTF-8.
        columns: the columns that must be there; a collection of names means one of them.
        delimiter: what stands between two cells.

    Returns:
        The rows in order, blank lines left out.

    Raises:
        DataError: when the file is missing or not text, a column is missing, or a row has more or fewer cells.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, delimiter=delimiter)
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header, columns)
            return [_row(path, reader.line_num, header, cells) for cells in reader if cells]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise DataError(f"{path}: expected a readable table of text, got: {problem}") from problem


def _check_header(path: Path, header: list[str], columns: Sequence[str | Collection[str]]) -> None:
    for column in columns:
        names = [column] if isinstance(column, str) else list(column)
        if not any(name in header for name in names):
            raise DataError(
                f"{path}, line 1: expected a column {' or '.join(names)}, got {', '.join(header) or 'none'}"
            )


def _row(path: Path, line: int, header: list[str], cells: list[str]) -> TableRow:
    if len(cells) != len(header):
        raise DataError(
            f"{path}, line {line}: expected {len(header)} cells as in the header, got {len(cells)}; was it cut off?"
        )
    texts = (cell.strip() for cell in cells)
    return TableRow(path, line, {name: "" if text == "-" else text for name, text in zip(header, texts, strict=True)})
