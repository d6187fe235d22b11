# SPDX-License-Identifier: Apache-2.0
"""Items of layouts in which each image has annotation files of its own; what is in the files is the readers' matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import Annotation, AnnotationReader
from monai_medglip.data_engine.adapters.file_pattern import FoundPath
from monai_medglip.data_engine.adapters.image_files import ImageFiles, listed_items
from monai_medglip.data_engine.adapters.mask_reading import refuse_no_files
from monai_medglip.data_engine.adapters.matched_files import MatchedFiles, WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.imaging.scan import Scan

__all__ = ["NoAnnotation", "mask_items"]


@dataclass(frozen=True)
class NoAnnotation:
    """Stands for the annotation of an image that has no file of it.

    Args:
        patterns: the files that were looked for; empty where having none means that nothing is in the image.
    """

    patterns: tuple[str, ...] = ()

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give nothing, or raise `DataError`, see `AnnotationReader`."""
        if self.patterns:
            refuse_no_files(scan, self.patterns)
        return ()


def mask_items(
    images: ImageFiles,
    root: Path,
    patterns: Sequence[str],
    without_file: WithoutFile,
    reader: Callable[[FoundPath, tuple[FoundPath, ...]], AnnotationReader],
) -> Iterator[SourceItem]:
    """Make items of images and the annotation files that belong to them.

    Args:
        images: the images.
        root: the folder of the data set.
        patterns: of the annotation files.
        without_file: what an image without such a file is.
        reader: makes the reader of an image from it and its files, at least one.
    """
    found = images.find(root)
    matched = MatchedFiles(root, patterns, {name for image in found for name in image.groups}, images.files)

    def annotation(image: FoundPath) -> AnnotationReader | None:
        files = matched.of(image)
        if files:
            return reader(image, files)
        if without_file is WithoutFile.LEAVE_OUT:
            return None
        return NoAnnotation(matched.patterns if without_file is WithoutFile.ERROR else ())

    yield from listed_items(images, root, found, annotation)
