# SPDX-License-Identifier: Apache-2.0
"""Tables of run-length coded masks as competitions give them, whose runs are counted in several ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.adapters.table_rows import AnnotationTable, Unlisted, table_items
from monai_medglip.data_engine.adapters.template import fill_template, template_names
from monai_medglip.data_engine.tables import TableRow
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["PixelOrder", "RleTable", "RleTableReader", "RunCoding"]

_NOTHING = ("", "-1", "nan", "none")


class PixelOrder(str, Enum):
    """In which order the runs go through the pixels."""

    COLUMNS = "columns"
    """Down the first column, then the second, as on Kaggle."""
    ROWS = "rows"
    """Along the first row, then the second."""


@dataclass(frozen=True)
class RunCoding:
    """How runs are counted; a mask is a list of start and length.

    Args:
        order: in which order the pixels are counted.
        first: the number of the first pixel.
        relative: whether a start is counted from the end of the run before it, as in SIIM-ACR's.
    """

    order: PixelOrder = PixelOrder.COLUMNS
    first: int = 1
    relative: bool = False

    def mask(self, numbers: npt.NDArray[np.int64], shape: tuple[int, ...]) -> npt.NDArray[np.bool_] | None:
        """Give the mask (x, y) of runs; None where they leave the image or go backwards.

        Args:
            numbers: start and length in turn.
            shape: size (x, y) of the image.
        """
        starts, lengths = numbers[::2], numbers[1::2]
        if self.relative:
            # Each start counts from where the run before it ended.
            starts = np.cumsum(starts) + np.concatenate([[0], np.cumsum(lengths)[:-1]])
        starts = starts - self.first
        if lengths.min() < 1 or starts.min() < 0 or (starts + lengths).max() > shape[0] * shape[1]:
            return None
        flat = np.zeros(shape[0] * shape[1], bool)
        for start, length in zip(starts, lengths, strict=True):
            flat[start : start + length] = True
        return flat.reshape(shape) if self.order is PixelOrder.COLUMNS else flat.reshape(shape[::-1]).T


@dataclass(frozen=True)
class RleTable:
    """A layout of images and a table of masks.

    Args:
        images: the images; the columns of a row are known of each.
        table: the table; an empty cell or -1 says that nothing is drawn.
        runs: the column of the runs by the value that they stand for; a value may be a template of columns.
        coding: how runs are counted.
        attributes: templates of what else is told of a mask, by the name that it is kept under.
        unlisted: what an image without any row is.
    """

    images: ImageFiles
    table: AnnotationTable
    runs: Mapping[str, str]
    coding: RunCoding = field(default_factory=RunCoding)
    attributes: Mapping[str, str] = field(default_factory=dict)
    unlisted: Unlisted = Unlisted.LEAVE_OUT

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        runs, told = tuple(self.runs.items()), tuple(self.attributes.items())
        named = tuple(name for text in (*self.runs, *self.attributes.values()) for name in template_names(text))
        yield from table_items(
            self.images,
            self.table,
            root,
            (*self.runs.values(), *named),
            self.unlisted,
            lambda rows: RleTableReader(rows, runs, self.coding, told),
        )


@dataclass(frozen=True)
class RleTableReader:
    """Reads the masks of one image.

    Args:
        rows: the image's rows.
        runs: values, perhaps templates, and their columns.
        coding: how runs are counted.
        attributes: names and templates of what else is told.
    """

    rows: tuple[TableRow, ...]
    runs: tuple[tuple[str, str], ...]
    coding: RunCoding
    attributes: tuple[tuple[str, str], ...] = ()

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each mask, see `AnnotationReader`."""
        annotations = []
        for row in self.rows:
            told = ((name, fill_template(text, row.cells)) for name, text in self.attributes)
            attributes = tuple((name, word) for name, word in told if word)
            for value, column in self.runs:
                text = row.optional(column) or ""
                if text.casefold() not in _NOTHING:
                    mask = MaskRLE.encode(self._mask(row, column, text, scan.spatial_shape))
                    annotations.append(Annotation(fill_template(value, row.cells), mask=mask, attributes=attributes))
        return tuple(annotations)

    def _mask(self, row: TableRow, column: str, text: str, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
        try:
            numbers = np.array(text.split(), dtype=np.int64)
        except (ValueError, OverflowError):
            row.fail(f"expected run lengths in column {column!r}, got {text[:60]!r}")
        if numbers.size % 2:
            row.fail(f"expected pairs of start and length in column {column!r}, got {numbers.size} numbers")
        mask = self.coding.mask(numbers, shape)
        if mask is None:
            row.fail(
                f"expected runs of at least one pixel inside an image of {shape} in column {column!r}; are they those "
                "of another size, or counted in another way?"
            )
        return mask
