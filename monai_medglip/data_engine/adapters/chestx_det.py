# SPDX-License-Identifier: Apache-2.0
"""The JSON of ChestX-Det: a list of images with findings, boxes and polygons side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.drawn_box import checked_box
from monai_medglip.data_engine.adapters.found_files import found_files
from monai_medglip.data_engine.adapters.image_files import ImageFiles, ImageFinder
from monai_medglip.data_engine.adapters.json_file import json_value, read_json
from monai_medglip.data_engine.adapters.polygon_mask import polygons_mask
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["ChestxDet", "ChestxDetReader"]


@dataclass(frozen=True)
class ChestxDet:
    """A layout of images and JSON lists.

    Args:
        images: the images; ``{file_name}`` and the named parts of the list's path are known of each.
        annotations: patterns of the JSON files' paths.
    """

    images: ImageFiles
    annotations: tuple[str, ...]

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`; an image without findings has nothing in it."""
        make = self.images.item_maker(root)
        for file in found_files(root, self.annotations):
            finder = ImageFinder(self.images, root, {*file.groups, "file_name"})
            entries = read_json(file.path)
            if not isinstance(entries, list):
                raise DataError(f"{file.path}: expected a list of images, got {type(entries).__name__}")
            for place, entry in enumerate(entries):
                name = json_value(entry, "file_name", str, f"{file.path}[{place}]")
                image = finder.find({**file.groups, "file_name": name})
                yield make(image, ChestxDetReader(f"{file.path}, {name}", entry))


@dataclass(frozen=True)
class ChestxDetReader:
    """Reads one entry of a list.

    Args:
        where: file and image, for messages.
        entry: the entry.
    """

    where: str
    entry: Mapping[str, Any]

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each finding, see `AnnotationReader`."""
        findings, boxes, polygons = (
            json_value(self.entry, key, list, self.where) for key in ("syms", "boxes", "polygons")
        )
        if not len(findings) == len(boxes) == len(polygons):
            raise DataError(
                f"{self.where}: expected a box and a polygon for each finding, got {len(findings)} findings, "
                f"{len(boxes)} boxes and {len(polygons)} polygons"
            )
        return tuple(
            self._annotation(number, *drawn, scan)
            for number, drawn in enumerate(zip(findings, boxes, polygons, strict=True), start=1)
        )

    def _annotation(self, number: int, finding: Any, box: Any, polygon: Any, scan: Scan) -> Annotation:
        where = f"{self.where}, finding {number}"
        try:
            x_low, y_low, x_high, y_high = (float(edge) for edge in box)
            points = [float(place) for x, y in polygon for place in (x, y)]
        except (TypeError, ValueError):
            raise DataError(f"{where}: expected four numbers of a box and pairs of a polygon's, got {box}") from None
        edges = checked_box((x_low, y_low, x_high, y_high), where)
        return Annotation(str(finding), edges, polygons_mask([points], scan.spatial_shape, where))
