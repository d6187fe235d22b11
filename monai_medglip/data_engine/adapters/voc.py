# SPDX-License-Identifier: Apache-2.0
"""Pascal VOC: an XML file of boxes for each image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.drawn_box import PixelCounting, box_between
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.adapters.xml_file import read_xml, xml_number, xml_text
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["Voc", "VocReader"]


@dataclass(frozen=True)
class Voc:
    """A layout of images and XML files.

    Args:
        images: the images.
        annotations: patterns of the XML files' paths; they share words with those of the images.
        counting: what the coordinates of corners are; VOC counts pixels from 1, many programs write edges.
        without_file: what an image without an XML file is.
    """

    images: ImageFiles
    annotations: tuple[str, ...]
    counting: PixelCounting = PixelCounting.FROM_ONE
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        yield from mask_items(
            self.images,
            root,
            self.annotations,
            self.without_file,
            lambda _, files: VocReader(tuple(file.path for file in files), self.counting),
        )


@dataclass(frozen=True)
class VocReader:
    """Reads XML files of boxes.

    Args:
        paths: the files of one image.
        counting: what the coordinates of corners are.
    """

    paths: tuple[Path, ...]
    counting: PixelCounting = PixelCounting.FROM_ONE

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each object, see `AnnotationReader`."""
        return tuple(annotation for path in self.paths for annotation in self._read(path, scan))

    def _read(self, path: Path, scan: Scan) -> Iterator[Annotation]:
        root = read_xml(path, "boxes")
        _refuse_other_size(path, root, scan)
        for number, entry in enumerate(root.iter("object"), start=1):
            where = f"{path}, object {number}"
            x_low, y_low, x_high, y_high = (
                _number(entry, f"bndbox/{name}", where) for name in ("xmin", "ymin", "xmax", "ymax")
            )
            box = box_between((x_low, y_low), (x_high, y_high), self.counting, where)
            marks = ((name, (entry.findtext(name) or "").strip()) for name in ("pose", "truncated", "difficult"))
            told = tuple((name, mark) for name, mark in marks if mark not in ("", "0", "Unspecified"))
            yield Annotation(xml_text(entry, "name", where), box, attributes=told)


def _refuse_other_size(path: Path, root: Any, scan: Scan) -> None:
    """Refuse boxes that were drawn in another size of the image; some programs write a size of 0."""
    told = tuple(int(_number(root, f"size/{name}", str(path))) for name in ("width", "height") if _has(root, name))
    if len(told) == 2 and all(told) and told != scan.spatial_shape:
        raise DataError(f"{path}: expected boxes in an image of {scan.spatial_shape}, the file says {told}")


def _has(root: Any, name: str) -> bool:
    return bool((root.findtext(f"size/{name}") or "").strip())


def _number(entry: Any, name: str, where: str) -> float:
    return xml_number(xml_text(entry, name, where), f"<{name}>", where)
