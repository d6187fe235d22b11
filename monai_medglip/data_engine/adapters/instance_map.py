# SPDX-License-Identifier: Apache-2.0
"""Images with maps of instances, whose numbers count the things of one kind: cells, nuclei, glands."""

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

__all__ = ["InstanceMap", "InstanceMapReader"]


@dataclass(frozen=True)
class InstanceMap:
    """A layout of images and maps of instances.

    Args:
        images: the images.
        masks: patterns of the maps' paths; they share words with those of the images.
        value: what every instance is.
        without_file: what an image without a map is.
    """

    images: ImageFiles
    masks: tuple[str, ...]
    value: str
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        yield from mask_items(
            self.images,
            root,
            self.masks,
            self.without_file,
            lambda _, files: InstanceMapReader(tuple(file.path for file in files), self.value),
        )


@dataclass(frozen=True)
class InstanceMapReader:
    """Reads maps of instances.

    Args:
        paths: the maps of one image.
        value: what every instance is.
    """

    paths: tuple[Path, ...]
    value: str

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each number other than 0, see `AnnotationReader`."""
        annotations = []
        for path in self.paths:
            masks = masks_of_labels(mask_numbers(path, scan))
            annotations += [Annotation(self.value, mask=mask) for mask in masks.values()]
        return tuple(annotations)
