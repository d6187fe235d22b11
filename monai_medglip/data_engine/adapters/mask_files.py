# SPDX-License-Identifier: Apache-2.0
"""Images with mask files of two colors: one file for each class, each instance, or the one thing that is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.file_pattern import FilePattern, FoundPath
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.mask_reading import mask_foreground
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.adapters.template import fill_template, template_names
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["MaskFiles", "MaskFilesReader"]


@dataclass(frozen=True)
class MaskFiles:
    """A layout of images and binary masks; each file that is not empty is one annotation.

    Args:
        images: the images.
        masks: patterns of the masks' paths by the value that they stand for. A value may have named parts of its
            pattern, as in ``"{class}": "{id}/segmentations/{class}.nii.gz"``, and attributes of the image, as where a
            table tells what is drawn.
        above: pixels greater than this are inside; above 0 for masks that were saved as JPEG.
        without_file: what an image without any mask is.
    """

    images: ImageFiles
    masks: Mapping[str, tuple[str, ...]]
    above: int = 0
    without_file: WithoutFile = WithoutFile.ERROR

    def __post_init__(self) -> None:
        """Check that every value can be told from its pattern."""
        for value, patterns in self.masks.items():
            for text in patterns:
                unknown = set(template_names(value)) - {*FilePattern(text).names, *self.images.attributes}
                if unknown:
                    raise ConfigurationError(f"expected the parts of {value!r} in its pattern {text!r}, got {unknown}")

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        values = {text: value for value, texts in self.masks.items() for text in texts}
        needed = {name for value in self.masks for name in template_names(value)}
        facts = {name: fact.lookup(root) for name, fact in self.images.attributes.items() if name in needed}

        def reader(image: FoundPath, files: tuple[FoundPath, ...]) -> MaskFilesReader:
            told = {name: fact(image.groups) or "" for name, fact in facts.items()}
            named = ((fill_template(values[file.pattern], {**told, **file.groups}), file.path) for file in files)
            return MaskFilesReader(tuple(named), self.above)

        yield from mask_items(self.images, root, tuple(values), self.without_file, reader)


@dataclass(frozen=True)
class MaskFilesReader:
    """Reads binary masks.

    Args:
        files: value and path of each mask of one image.
        above: pixels greater than this are inside.
    """

    files: tuple[tuple[str, Path], ...]
    above: int = 0

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each mask that is not empty, see `AnnotationReader`."""
        masks = ((value, mask_foreground(path, scan, self.above)) for value, path in self.files)
        return tuple(Annotation(value, mask=MaskRLE.encode(mask)) for value, mask in masks if mask.any())
