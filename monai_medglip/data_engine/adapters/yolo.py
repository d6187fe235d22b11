# SPDX-License-Identifier: Apache-2.0
"""YOLO: a text file for each image, a line for each box or polygon, coordinates as shares of the image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.drawn_box import checked_box
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.polygon_mask import polygons_mask
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["Yolo", "YoloReader"]

SHARE_TOLERANCE = 1e-3
"""How far a coordinate may lie outside of 0 to 1: programs round to few digits."""


@dataclass(frozen=True)
class Yolo:
    """A layout of images and text files.

    Args:
        images: the images.
        labels: patterns of the text files' paths; they share words with those of the images.
        names: the classes in the order of their numbers, which are an annotation's value; without names the number is.
        without_file: what an image without a text file is; YOLO's own tools take it for an image with nothing in it.
    """

    images: ImageFiles
    labels: tuple[str, ...]
    names: tuple[str, ...] = ()
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        yield from mask_items(
            self.images,
            root,
            self.labels,
            self.without_file,
            lambda _, files: YoloReader(tuple(file.path for file in files), self.names),
        )


@dataclass(frozen=True)
class YoloReader:
    """Reads text files of boxes and polygons.

    Args:
        paths: the files of one image.
        names: the classes in the order of their numbers.
    """

    paths: tuple[Path, ...]
    names: tuple[str, ...] = ()

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each line, see `AnnotationReader`."""
        return tuple(
            self._annotation(line, scan, f"{path}, line {number}")
            for path in self.paths
            for number, line in enumerate(_lines(path), start=1)
            if line
        )

    def _annotation(self, line: str, scan: Scan, where: str) -> Annotation:
        number, *words = line.split()
        try:
            shares = [float(word) for word in words]
        except ValueError:
            raise DataError(f"{where}: expected a class and numbers, got {line[:80]!r}") from None
        if not all(-SHARE_TOLERANCE <= share <= 1 + SHARE_TOLERANCE for share in shares):
            raise DataError(f"{where}: expected shares of the image between 0 and 1, got {line[:80]!r}")
        value = self._name(number, where)
        width, height = scan.spatial_shape
        if len(shares) == 4:
            x, y, box_width, box_height = shares
            low = ((x - box_width / 2) * width, (y - box_height / 2) * height)
            high = ((x + box_width / 2) * width, (y + box_height / 2) * height)
            return Annotation(value, checked_box((*low, *high), where))
        if len(shares) >= 6 and len(shares) % 2 == 0:
            points = [share * (height if place % 2 else width) for place, share in enumerate(shares)]
            return Annotation(value, mask=polygons_mask([points], scan.spatial_shape, where))
        raise DataError(f"{where}: expected 4 numbers of a box or pairs of a polygon's, got {len(shares)} numbers")

    def _name(self, number: str, where: str) -> str:
        if not number.isdecimal() or (self.names and int(number) >= len(self.names)):
            names = ", ".join(f"{place} ({name})" for place, name in enumerate(self.names))
            raise DataError(f"{where}: expected the number of a class{f', {names}' if names else ''}; got {number!r}")
        return self.names[int(number)] if self.names else number


def _lines(path: Path) -> Iterator[str]:
    try:
        yield from (line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(f"{path}: expected a text file of boxes, got: {problem}") from problem
