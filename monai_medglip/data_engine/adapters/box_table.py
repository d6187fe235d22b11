# SPDX-License-Identifier: Apache-2.0
"""Tables of boxes: one row for each box, in any of the forms of `box_columns`; several readers may draw one image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.box_columns import BoxColumns
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.adapters.table_rows import AnnotationTable, Unlisted, table_items
from monai_medglip.data_engine.adapters.template import fill_template, template_names
from monai_medglip.data_engine.tables import TableRow
from monai_medglip.imaging.scan import Scan

__all__ = ["BoxTable", "BoxTableReader"]


@dataclass(frozen=True)
class BoxTable:
    """A layout of images and a table of boxes.

    Args:
        images: the images; the columns of a row are known of each.
        table: the table; a row with empty cells for the box says that nothing is in the image.
        boxes: the columns of the boxes.
        value: what a box stands for, a template of columns such as ``{class_name}``, or one word for all.
        attributes: templates of what else is told of a box, by the name that it is kept under.
        unlisted: what an image without any row is.
        share: whether coordinates are shares of the image's width and height rather than pixels.
    """

    images: ImageFiles
    table: AnnotationTable
    boxes: BoxColumns
    value: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    unlisted: Unlisted = Unlisted.LEAVE_OUT
    share: bool = False

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        told = tuple(self.attributes.items())
        named = tuple(name for text in (self.value, *self.attributes.values()) for name in template_names(text))
        yield from table_items(
            self.images,
            self.table,
            root,
            (*self.boxes.columns, *named),
            self.unlisted,
            lambda rows: BoxTableReader(rows, self.boxes, self.value, told, self.share),
        )


@dataclass(frozen=True)
class BoxTableReader:
    """Reads the boxes of one image.

    Args:
        rows: the image's rows.
        boxes: the columns of the boxes.
        value: template of what a box stands for.
        attributes: names and templates of what else is told.
        share: whether coordinates are shares of the image.
    """

    rows: tuple[TableRow, ...]
    boxes: BoxColumns
    value: str
    attributes: tuple[tuple[str, str], ...] = ()
    share: bool = False

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each box, see `AnnotationReader`."""
        scale = (*scan.spatial_shape, *scan.spatial_shape) if self.share else (1,) * 4
        annotations = []
        for row in self.rows:
            told = ((name, fill_template(text, row.cells)) for name, text in self.attributes)
            attributes = tuple((name, word) for name, word in told if word)
            for box in self.boxes.boxes(row):
                edges = tuple(edge * size for edge, size in zip(box, scale, strict=True))
                annotations.append(Annotation(fill_template(self.value, row.cells), edges, attributes=attributes))
        return tuple(annotations)
