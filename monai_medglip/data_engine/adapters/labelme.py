# SPDX-License-Identifier: Apache-2.0
"""LabelMe JSON: a file of drawn shapes for each image; rectangles are boxes, polygons, circles and masks are masks."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.boxes_and_masks import boxes_beside_masks
from monai_medglip.data_engine.adapters.drawn_box import checked_box
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.json_file import json_value, read_json
from monai_medglip.data_engine.adapters.layout_fields import nearest
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.outline_mask import outline_mask
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["Labelme", "LabelmeReader", "ShapeType"]

_LOGGER = logging.getLogger(__name__)


class ShapeType(str, Enum):
    """How the points of a shape are meant."""

    POLYGON = "polygon"
    """The corners of an outline."""
    RECTANGLE = "rectangle"
    """Two corners of a box."""
    CIRCLE = "circle"
    """The middle and a point of the rim."""
    MASK = "mask"
    """Two corners of the pixels that the shape carries as a picture, the last ones included."""
    POINT = "point"
    LINE = "line"
    LINESTRIP = "linestrip"
    POINTS = "points"


_WITHOUT_AREA = (ShapeType.POINT, ShapeType.LINE, ShapeType.LINESTRIP, ShapeType.POINTS)


@dataclass(frozen=True)
class Labelme:
    """A layout of images and JSON files of LabelMe; an annotation's value is the label of a shape.

    Shapes of one label and one group are parts of one thing. A rectangle beside a mask of the same label is the box
    of the mask that it overlaps most. Points and lines enclose nothing and are left out.

    Args:
        images: the images.
        annotations: patterns of the JSON files' paths; they share words with those of the images.
        without_file: what an image without a JSON file is.
    """

    images: ImageFiles
    annotations: tuple[str, ...]
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        yield from mask_items(
            self.images,
            root,
            self.annotations,
            self.without_file,
            lambda _, files: LabelmeReader(tuple(file.path for file in files)),
        )


@dataclass(frozen=True)
class LabelmeReader:
    """Reads JSON files of shapes.

    Args:
        paths: the files of one image.
    """

    paths: tuple[Path, ...]

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each thing that is drawn, see `AnnotationReader`."""
        return tuple(annotation for path in self.paths for annotation in self._read(path, scan))

    def _read(self, path: Path, scan: Scan) -> tuple[Annotation, ...]:
        content = read_json(path)
        _refuse_other_size(path, content, scan)
        boxes: list[tuple[str, tuple[float, ...]]] = []
        masks: dict[tuple[str, object], MaskRLE] = {}
        for number, entry in enumerate(json_value(content, "shapes", list, str(path)), start=1):
            shape = _shape(entry, f"{path}, shape {number}")
            if shape.kind in _WITHOUT_AREA:
                _LOGGER.info("%s: left out, a %s encloses nothing", shape.where, shape.kind.value)
            elif shape.kind is ShapeType.RECTANGLE:
                boxes.append((shape.label, _rectangle(shape)))
            else:
                mask = _mask(shape, entry, scan.spatial_shape)
                if not mask.any():
                    _LOGGER.info("%s: left out, it encloses the middle of no pixel of the image", shape.where)
                    continue
                group = entry.get("group_id")
                key = (shape.label, number if group is None else f"group {group}")
                masks[key] = MaskRLE.encode(mask | masks[key].decode() if key in masks else mask)
        return boxes_beside_masks(boxes, [(label, mask) for (label, _), mask in masks.items()])


class _Shape(NamedTuple):
    label: str
    kind: ShapeType
    points: npt.NDArray[np.float64]
    where: str


def _shape(entry: Any, where: str) -> _Shape:
    label = json_value(entry, "label", str, where)
    # Files of the first versions have polygons alone, and do not say so.
    word = entry.get("shape_type") or ShapeType.POLYGON.value
    kinds = {kind.value: kind for kind in ShapeType}
    if not isinstance(word, str) or word not in kinds:
        raise DataError(f"{where}: expected a shape of {', '.join(kinds)}, got {word!r}{nearest(str(word), kinds)}")
    points = json_value(entry, "points", list, where)
    try:
        pairs = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    except (TypeError, ValueError):
        pairs = np.full((1, 2), np.nan)
    kind = kinds[word]
    least = {ShapeType.POLYGON: 3, ShapeType.RECTANGLE: 2, ShapeType.CIRCLE: 2, ShapeType.MASK: 2}.get(kind, 0)
    if not np.isfinite(pairs).all() or len(pairs) < least:
        raise DataError(f"{where}: expected at least {least} pairs of numbers of a {word}, got {str(points)[:80]}")
    return _Shape(label, kind, pairs, where)


def _rectangle(shape: _Shape) -> tuple[float, ...]:
    """Give the box between two corners, which may have been drawn from any of the four."""
    low, high = shape.points.min(axis=0), shape.points.max(axis=0)
    return checked_box((*low.tolist(), *high.tolist()), shape.where)


def _mask(shape: _Shape, entry: Any, size: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    if shape.kind is ShapeType.POLYGON:
        return outline_mask(shape.points, size)
    if shape.kind is ShapeType.MASK:
        return _carried_mask(shape, json_value(entry, "mask", str, shape.where), size)
    middle, rim = shape.points[:2]
    x, y = np.ogrid[: size[0], : size[1]]
    inside: npt.NDArray[np.bool_] = np.hypot(x + 0.5 - middle[0], y + 0.5 - middle[1]) <= np.hypot(*(rim - middle))
    return inside


def _carried_mask(shape: _Shape, picture: str, size: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Put the picture that a shape carries at its place; its corners are numbers of pixels."""
    from PIL import Image

    try:
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture, validate=True)))).T != 0
    except (OSError, ValueError, SyntaxError) as problem:
        raise DataError(f"{shape.where}: expected a picture in 'mask', got: {problem}") from problem
    low, high = shape.points.round().astype(int)[:2]
    if pixels.shape != tuple(high - low + 1) or (low < 0).any() or (high >= size).any():
        raise DataError(
            f"{shape.where}: expected a mask of the pixels {low.tolist()} to {high.tolist()} of an image of {size}, "
            f"got a picture of {pixels.shape}"
        )
    mask = np.zeros(size, bool)
    mask[low[0] : high[0] + 1, low[1] : high[1] + 1] = pixels
    return mask


def _refuse_other_size(path: Path, content: Any, scan: Scan) -> None:
    """Refuse shapes that were drawn in another size of the image."""
    told = tuple(content.get(key) for key in ("imageWidth", "imageHeight")) if isinstance(content, dict) else ()
    if all(isinstance(size, int) for size in told) and told not in ((), scan.spatial_shape):
        raise DataError(f"{path}: expected shapes in an image of {scan.spatial_shape}, the file says {told}")
