# SPDX-License-Identifier: Apache-2.0
"""XML files of Aperio ImageScope: layers of outlines on an image of tissue, each outline one cell or area."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.outline_mask import outline_mask
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.adapters.template import fill_template
from monai_medglip.data_engine.adapters.xml_file import read_xml, xml_number
from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["ImageScope", "ImageScopeReader", "RegionType"]

_LOGGER = logging.getLogger(__name__)


class RegionType(str, Enum):
    """What the vertices of a region are; other types, such as rulers and arrows, enclose nothing."""

    FREEHAND = "0"
    """The points of a closed line."""
    RECTANGLE = "1"
    """The four corners."""
    ELLIPSE = "2"
    """Two opposite corners of the box round it."""


@dataclass(frozen=True)
class ImageScope:
    """A layout of images and XML files of ImageScope; each outline is one annotation.

    Outlines that are marked as negative are holes in the others of their layer. One that encloses the middle of no
    pixel is left out.

    Args:
        images: the images, at the resolution in which the vertices count.
        annotations: patterns of the XML files' paths; they share words with those of the images.
        value: what an outline stands for, one word for all or a template of ``{layer}`` (the layer's name),
            ``{attribute}`` (the name of the layer's first attribute) and ``{text}`` (the outline's own text).
        without_file: what an image without an XML file is.
    """

    images: ImageFiles
    annotations: tuple[str, ...]
    value: str
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        yield from mask_items(
            self.images,
            root,
            self.annotations,
            self.without_file,
            lambda _, files: ImageScopeReader(tuple(file.path for file in files), self.value),
        )


@dataclass(frozen=True)
class ImageScopeReader:
    """Reads XML files of outlines.

    Args:
        paths: the files of one image.
        value: template of what an outline stands for.
    """

    paths: tuple[Path, ...]
    value: str

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each outline, see `AnnotationReader`."""
        return tuple(
            annotation
            for path in self.paths
            for number, layer in enumerate(read_xml(path, "outlines").iter("Annotation"), start=1)
            for annotation in self._layer(layer, scan.spatial_shape, f"{path}, layer {number}")
        )

    def _layer(self, layer: Any, shape: tuple[int, ...], where: str) -> Iterator[Annotation]:
        attribute = layer.find("Attributes/Attribute")
        words = {
            "layer": layer.get("Name") or "",
            "attribute": "" if attribute is None else attribute.get("Name") or "",
        }
        regions = [(region, f"{where}, region {number}") for number, region in enumerate(layer.iter("Region"), start=1)]
        holes = np.zeros(shape, bool)
        for region, at in regions:
            if _is_negative(region):
                holes |= _mask(region, shape, at)
        for region, at in regions:
            if _is_negative(region):
                continue
            inside = _mask(region, shape, at) & ~holes
            if not inside.any():
                _LOGGER.info("%s: left out, it encloses the middle of no pixel of the image", at)
                continue
            value = fill_template(self.value, {**words, "text": region.get("Text") or ""}).strip()
            if not value:
                raise DataError(f"{at}: expected a name in {self.value!r}, it is empty; correct the layout's 'value'")
            yield Annotation(value, mask=MaskRLE.encode(inside))


def _is_negative(region: Any) -> bool:
    return bool(region.get("NegativeROA") == "1")


def _mask(region: Any, shape: tuple[int, ...], where: str) -> npt.NDArray[np.bool_]:
    """Give what a region encloses (x, y); nothing for a ruler, an arrow or two points."""
    vertices = [
        [xml_number(vertex.get(axis), f"{axis} of a vertex", where) for axis in ("X", "Y")]
        for vertex in region.iter("Vertex")
    ]
    points = np.array(vertices, dtype=np.float64).reshape(-1, 2)
    word = region.get("Type") or RegionType.FREEHAND.value
    if word == RegionType.ELLIPSE.value and len(points) == 2:
        return _ellipse(points.min(axis=0), points.max(axis=0), shape)
    encloses = len(points) > 2 and word in (RegionType.FREEHAND.value, RegionType.RECTANGLE.value)
    return outline_mask(points, shape) if encloses else np.zeros(shape, bool)


def _ellipse(
    low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], shape: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    middle, radii = (low + high) / 2, np.maximum(high - low, 1e-9) / 2
    x, y = np.ogrid[: shape[0], : shape[1]]
    inside: npt.NDArray[np.bool_] = np.hypot((x + 0.5 - middle[0]) / radii[0], (y + 0.5 - middle[1]) / radii[1]) <= 1
    return inside
