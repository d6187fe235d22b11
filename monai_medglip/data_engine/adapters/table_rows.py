# SPDX-License-Identifier: Apache-2.0
"""Tables with a row for each annotation, and the images that the rows are about; what columns mean is the readers'."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import AnnotationReader
from monai_medglip.data_engine.adapters.file_pattern import FilePattern
from monai_medglip.data_engine.adapters.found_files import found_files
from monai_medglip.data_engine.adapters.image_files import ImageFiles, ImageFinder
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.tables import TableRow, read_table
from monai_medglip.errors import DataError

__all__ = ["AnnotationTable", "Unlisted", "table_items"]


class Unlisted(str, Enum):
    """What an image is that no row is about."""

    LEAVE_OUT = "leave_out"
    """Not annotated, and no image of the data set."""
    EMPTY = "empty"
    """An image with nothing in it."""


@dataclass(frozen=True)
class AnnotationTable:
    """Tables with a row for each annotation.

    Args:
        file: patterns of their paths; the named parts are known of every row.
        image: the columns that say which image a row is about; they and the parts below are known of the images.
        delimiter: what stands between two cells.
        parts: columns that are taken apart into named parts, by a pattern such as ``"{series}_{slice}.png"``.
    """

    file: tuple[str, ...]
    image: tuple[str, ...]
    delimiter: str = ","
    parts: Mapping[str, str] = field(default_factory=dict)

    def rows(self, root: Path, columns: tuple[str, ...]) -> list[tuple[TableRow, dict[str, str]]]:
        """Read the tables.

        Args:
            root: the folder of the data set.
            columns: the columns that must be there besides those of the image.

        Returns:
            The rows in order, each with the words that are known of it: its cells, their parts, and the named parts of
            the file.

        Raises:
            DataError: when there is no table, a column is missing, or a cell is not made as its parts say.
        """
        patterns = {column: FilePattern(text) for column, text in self.parts.items()}
        needed = tuple(dict.fromkeys((*self.image, *self.parts, *columns)))
        return [
            (row, {**file.groups, **row.cells, **_parts(row, patterns)})
            for file in found_files(root, self.file)
            for row in read_table(file.path, needed, delimiter=self.delimiter)
        ]


def table_items(
    images: ImageFiles,
    table: AnnotationTable,
    root: Path,
    columns: tuple[str, ...],
    unlisted: Unlisted,
    reader: Callable[[tuple[TableRow, ...]], AnnotationReader],
) -> Iterator[SourceItem]:
    """Make items of the images that a table is about.

    Args:
        images: the images.
        table: the table.
        root: the folder of the data set.
        columns: the columns that the reader needs.
        unlisted: what the other images are.
        reader: makes the reader of an image's rows.
    """
    groups: dict[tuple[str, ...], tuple[dict[str, str], list[TableRow]]] = {}
    for row, words in table.rows(root, columns):
        key = tuple(row.required(column) for column in table.image)
        groups.setdefault(key, (words, []))[1].append(row)
    if not groups:
        raise DataError(f"{root}: expected rows in {' or '.join(table.file)}, there are none")
    make = images.item_maker(root)
    finder = ImageFinder(images, root, next(iter(groups.values()))[0])
    seen = set()
    for key in sorted(groups):
        words, rows = groups[key]
        image = finder.find(words)
        seen.add(image.path)
        yield make(image, reader(tuple(rows)))
    if unlisted is Unlisted.EMPTY:
        for image in images.find(root):
            if image.path not in seen:
                yield make(image, reader(()))


def _parts(row: TableRow, patterns: Mapping[str, FilePattern]) -> dict[str, str]:
    parts: dict[str, str] = {}
    for column, pattern in patterns.items():
        found = pattern.match(row.required(column))
        if found is None:
            row.fail(f"expected column {column!r} to be made as {pattern.text!r}, got {row.required(column)!r}")
        parts.update(found)
    return parts
