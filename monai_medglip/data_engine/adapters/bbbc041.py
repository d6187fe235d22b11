# SPDX-License-Identifier: Apache-2.0
"""The JSON of BBBC041: a list of images, each with boxes of cells by rows and columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.drawn_box import checked_box
from monai_medglip.data_engine.adapters.found_files import found_files
from monai_medglip.data_engine.adapters.image_files import ImageFiles, ImageFinder
from monai_medglip.data_engine.adapters.json_file import json_value, read_json
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["Bbbc041", "Bbbc041Reader"]


@dataclass(frozen=True)
class Bbbc041:
    """A layout of images and JSON lists; an annotation's value is the category of a cell.

    Args:
        images: the images; ``{file_name}`` and the named parts of the list's path are known of each.
        annotations: patterns of the JSON files' paths.
    """

    images: ImageFiles
    annotations: tuple[str, ...]

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`; an image without cells has nothing in it."""
        make = self.images.item_maker(root)
        for file in found_files(root, self.annotations):
            finder = ImageFinder(self.images, root, {*file.groups, "file_name"})
            entries = read_json(file.path)
            if not isinstance(entries, list):
                raise DataError(f"{file.path}: expected a list of images, got {str(entries)[:80]}")
            for place, entry in enumerate(entries):
                where = f"{file.path}[{place}]"
                path = json_value(json_value(entry, "image", dict, where), "pathname", str, f"{where}, image")
                words = {**file.groups, "file_name": PurePosixPath(path).name}
                yield make(finder.find(words), Bbbc041Reader(where, json_value(entry, "objects", list, where)))


@dataclass(frozen=True)
class Bbbc041Reader:
    """Reads the cells of one image.

    Args:
        where: file and entry, for messages.
        cells: the image's objects.
    """

    where: str
    cells: list[Any]

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each cell, see `AnnotationReader`."""
        return tuple(_annotation(cell, f"{self.where}, object {number}") for number, cell in enumerate(self.cells, 1))


def _annotation(cell: Any, where: str) -> Annotation:
    box = json_value(cell, "bounding_box", dict, where)
    edges = tuple(
        float(json_value(json_value(box, corner, dict, where), axis, (int, float), where))
        for corner in ("minimum", "maximum")
        for axis in ("c", "r")
    )
    return Annotation(json_value(cell, "category", str, where), checked_box(edges, where))
