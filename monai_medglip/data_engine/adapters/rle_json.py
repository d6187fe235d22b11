# SPDX-License-Identifier: Apache-2.0
"""JSON of run-length coded masks by image and value, as CheXlocalize has it; the runs are COCO's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.file_pattern import FilePattern
from monai_medglip.data_engine.adapters.found_files import found_files
from monai_medglip.data_engine.adapters.image_files import ImageFiles, ImageFinder
from monai_medglip.data_engine.adapters.json_file import json_value, read_json
from monai_medglip.data_engine.adapters.polygon_mask import coco_mask_of
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["RleJson", "RleJsonReader"]


@dataclass(frozen=True)
class RleJson:
    """A layout of images and JSON files ``{image: {value: {"size": [height, width], "counts": ...}}}``.

    Args:
        images: the images; the named parts of the file's path and of the image's name are known of each.
        annotations: patterns of the JSON files' paths.
        name: what the name of an image in a file is made of, such as ``{patient}_{study}_{view}``.
    """

    images: ImageFiles
    annotations: tuple[str, ...]
    name: str

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images that the files name, see `Adapter`."""
        make = self.images.item_maker(root)
        pattern = FilePattern(self.name)
        for file in found_files(root, self.annotations):
            finder = ImageFinder(self.images, root, {*file.groups, *pattern.names})
            entries = read_json(file.path)
            if not isinstance(entries, Mapping):
                raise DataError(f"{file.path}: expected an object with a name for each image, got {str(entries)[:80]}")
            for name in sorted(entries):
                words = pattern.match(name)
                if words is None:
                    raise DataError(f"{file.path}: expected names of images made as {self.name!r}, got {name!r}")
                yield make(finder.find({**file.groups, **words}), RleJsonReader(str(file.path), name, entries[name]))


@dataclass(frozen=True)
class RleJsonReader:
    """Reads the masks of one image.

    Args:
        path: the JSON file, named in messages.
        name: of the image in it.
        masks: run lengths by value.
    """

    path: str
    name: str
    masks: Any

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each mask that is not empty, see `AnnotationReader`."""
        values = json_value({self.name: self.masks}, self.name, dict, self.path)
        coded = (
            (value, coco_mask_of(json_value(values, value, dict, where), scan.spatial_shape, where))
            for value in values
            for where in [f"{self.path}, {self.name}, {value}"]
        )
        return tuple(Annotation(value, mask=mask) for value, mask in coded if mask.area)
