# SPDX-License-Identifier: Apache-2.0
"""JSON lines with a row for each image: its file, boxes, and the label map with what its numbers stand for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.boxes_and_masks import boxes_and_masks, named_masks
from monai_medglip.data_engine.adapters.drawn_box import checked_box
from monai_medglip.data_engine.adapters.image_files import ImageFiles, ImageFinder
from monai_medglip.data_engine.adapters.json_file import json_value
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["ImageList", "ImageListReader"]


@dataclass(frozen=True)
class ImageList:
    """A layout with a list of images in JSON lines, as the SLAKE subset beside this project has it.

    A row is ``{"id", "image", ..., "boxes": [{"label", "box": [x0, y0, x1, y1]}], "mask": path or null,
    "mask_labels": {name: number}}``; paths are relative to the list.

    Args:
        images: the images; the texts of a row are known of each, so ``{image}`` is its file.
        rows: the list.
    """

    images: ImageFiles
    rows: str

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        index = root / self.rows
        make = self.images.item_maker(root)
        rows = list(_rows(index))
        names = {key for row in rows for key, value in row.items() if isinstance(value, str)}
        finder = ImageFinder(self.images, root, names)
        for number, row in enumerate(rows, start=1):
            words = {key: value for key, value in row.items() if isinstance(value, str)}
            mask = row.get("mask")
            reader = ImageListReader(f"{index}, line {number}", row, index.parent / mask if mask else None)
            yield make(finder.find(words), reader)


@dataclass(frozen=True)
class ImageListReader:
    """Reads boxes and label map of one row.

    Args:
        where: file and row, for messages.
        row: the row.
        mask: the label map, or None.
    """

    where: str
    row: Mapping[str, Any]
    mask: Path | None

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each mask, and for each box without one, see `AnnotationReader`."""
        boxes = [self._box(entry) for entry in json_value(self.row, "boxes", list, self.where)]
        if self.mask is None:
            return boxes_and_masks(boxes, {})
        numbers = json_value(self.row, "mask_labels", dict, self.where)
        return boxes_and_masks(boxes, named_masks(self.mask, {int(n): name for name, n in numbers.items()}, scan))

    def _box(self, entry: Any) -> tuple[str, tuple[float, ...]]:
        label, box = json_value(entry, "label", str, self.where), json_value(entry, "box", list, self.where)
        try:
            x_low, y_low, x_high, y_high = (float(edge) for edge in box)
        except (TypeError, ValueError):
            raise DataError(f"{self.where}: expected four numbers in 'box', got {box}") from None
        return label, checked_box((x_low, y_low, x_high, y_high), self.where)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(f"{path}: expected a list in JSON lines, got: {problem}") from problem
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except ValueError as problem:
            raise DataError(f"{path}, line {number}: expected a JSON object, got: {problem}") from problem
        json_value(row, "image", str, f"{path}, line {number}")
        yield row
