# SPDX-License-Identifier: Apache-2.0
"""Images with label maps of the same grid, whose numbers say what a pixel belongs to; pictures and volumes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.mask_reading import mask_numbers
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.imaging.label_runs import masks_of_labels
from monai_medglip.imaging.scan import Scan

__all__ = ["LabelMap", "LabelMapReader"]


@dataclass(frozen=True)
class LabelMap:
    """A layout of images and label maps; an annotation's value is the number in the map.

    Args:
        images: the images.
        masks: patterns of the label maps' paths; they share words with those of the images.
        background: numbers that stand for nothing, one or several.
        without_file: what an image without label map is.
    """

    images: ImageFiles
    masks: tuple[str, ...]
    background: tuple[int, ...] = (0,)
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        yield from mask_items(
            self.images,
            root,
            self.masks,
            self.without_file,
            lambda _, files: LabelMapReader(tuple(file.path for file in files), self.background),
        )


@dataclass(frozen=True)
class LabelMapReader:
    """Reads label maps.

    Args:
        paths: the files of one image.
        background: numbers that stand for nothing.
    """

    paths: tuple[Path, ...]
    background: tuple[int, ...] = (0,)

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each number in each map, see `AnnotationReader`."""
        annotations = []
        for path in self.paths:
            labels = mask_numbers(path, scan)
            masks = masks_of_labels(labels, self.background[0])
            annotations += [
                Annotation(str(number), mask=mask) for number, mask in masks.items() if number not in self.background
            ]
        return tuple(annotations)
