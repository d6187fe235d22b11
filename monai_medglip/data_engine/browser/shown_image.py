# SPDX-License-Identifier: Apache-2.0
"""One image with its regions as a page shows it: upright planes, pictures of them, and what of the regions they cut."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import contourpy
import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.record import Region
from monai_medglip.data_engine.region_grounding import region_grounding
from monai_medglip.errors import DataError
from monai_medglip.geometry import Boxes
from monai_medglip.imaging.scan import Scan
from monai_medglip.visualize.display import display_window, displayed_picture
from monai_medglip.visualize.plane import Plane, image_plane
from monai_medglip.visualize.regions import Canvas, draw_boxes, draw_masks
from monai_medglip.visualize.sections import sections
from monai_medglip.visualize.volume_order import volume_order

__all__ = ["RegionShape", "ShownImage", "ShownPlane"]

_LONGEST_SIDE = 1600
_THUMBNAIL_SIDE = 320
_JPEG_QUALITY = 80
_BYTES_OF_MASKS = 1 << 29
_AXIAL = 2


@dataclass(frozen=True)
class ShownPlane:
    """A direction in which an image can be looked at.

    Attributes:
        title: its name, "" for an image that has one only.
        columns: number of columns of the image.
        rows: number of its rows.
        pixel_size: width and height of a pixel, in any common unit.
        slices: how many there are to scroll through.
        letters: the patient's directions at the left, right, top and bottom edge, "" where one is not known.
    """

    title: str
    columns: int
    rows: int
    pixel_size: tuple[float, float]
    slices: int
    letters: tuple[str, str, str, str]


@dataclass(frozen=True)
class RegionShape:
    """What a plane cuts of a region, in its columns and rows.

    Attributes:
        region: position of the region in the image.
        box: left, top, right and bottom edge.
        outline: of the mask, as a path of SVG; "" where only a box was drawn.
    """

    region: int
    box: tuple[float, ...]
    outline: str


class ShownImage:
    """An image that is open.

    Args:
        scan: the pixels.
        regions: what is drawn in them.
    """

    def __init__(self, scan: Scan, regions: Sequence[Region]) -> None:
        self.scan = scan
        self.regions = tuple(regions)
        self._window = display_window(scan)
        self._order = volume_order(scan.frame) if scan.spatial_dims == 3 else None
        # Masks stay decoded while the person scrolls, as many as memory allows.
        kept = max(1, _BYTES_OF_MASKS // int(np.prod(scan.spatial_shape)))
        self._mask = lru_cache(maxsize=kept)(self._decoded)

    @cached_property
    def planes(self) -> tuple[ShownPlane, ...]:
        """The directions: of a volume sagittal, coronal and axial, as far as that is known."""
        return tuple(self._described(across) for across in range(1 if self._order is None else 3))

    def middle(self, across: int, region: int) -> int:
        """Give the slice of a direction that cuts the middle of a region."""
        if self._order is None:
            return 0
        box = self._order.apply_boxes(np.array([self.regions[region].box]))[0]
        middle = int((box[across] + box[across + 3]) / 2)
        return min(max(middle, 0), self._order.shape[across] - 1)

    def picture(self, across: int, index: int) -> bytes:
        """Give the pixels of a slice as PNG, reduced where they are more than a screen has.

        Raises:
            DataError: when there is no such slice.
        """
        plane = self._plane(across, index)
        columns, rows = plane.size(self.scan.frame)
        zoom = min(1.0, _LONGEST_SIDE / max(columns, rows))
        size = (max(1, round(columns * zoom)), max(1, round(rows * zoom)))
        buffer = io.BytesIO()
        displayed_picture(plane.cut(self.scan.array), self._window, size).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def shapes(self, across: int, index: int) -> list[RegionShape]:
        """Give what a slice cuts of the regions, the largest first so that the smaller lie above.

        Raises:
            DataError: when there is no such slice.
        """
        if not self.regions:
            return []
        plane = self._plane(across, index)
        numbers, boxes = plane.cut_boxes(self._boxes)
        shapes = [
            RegionShape(number, tuple(box), self._outline(number, plane, box))
            for number, box in zip(numbers.tolist(), boxes.tolist(), strict=True)
        ]
        return sorted(shapes, key=lambda shape: -_area(shape.box))

    def thumbnail(self) -> bytes:
        """Give a small picture with the regions drawn, as JPEG; of a volume the slice through its largest region."""
        across, index = (0, 0) if self._order is None else (_AXIAL, self._best_slice(_AXIAL))
        plane = self._plane(across, index)
        described = self.planes[across]
        width, height = described.columns * described.pixel_size[0], described.rows * described.pixel_size[1]
        zoom = _THUMBNAIL_SIDE / max(width, height)
        size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
        picture = displayed_picture(plane.cut(self.scan.array), self._window, size)
        scale = (size[0] / described.columns, size[1] / described.rows)
        canvas = Canvas(picture, scale, line_width=1, font_size=12)
        (shown,) = sections(region_grounding(self.scan.frame, self.regions), [plane])
        draw_masks(canvas, shown)
        if any(region.mask is None for region in self.regions):
            draw_boxes(canvas, shown)
        buffer = io.BytesIO()
        canvas.picture.save(buffer, "JPEG", quality=_JPEG_QUALITY)
        return buffer.getvalue()

    @cached_property
    def _boxes(self) -> Boxes:
        dims = 2 * self.scan.spatial_dims
        return Boxes(np.array([region.box for region in self.regions]).reshape(-1, dims), self.scan.frame)

    def _plane(self, across: int, index: int) -> Plane:
        if not 0 <= across < len(self.planes) or not 0 <= index < self.planes[across].slices:
            raise DataError(f"expected a slice of the image, got slice {index} of direction {across}")
        return image_plane(self.scan.frame) if self._order is None else self._order.plane(across, index)

    def _described(self, across: int) -> ShownPlane:
        if self._order is None:
            plane, slices, title = image_plane(self.scan.frame), 1, ""
        else:
            plane, slices = self._order.plane(across, 0), self._order.shape[across]
            title = self._order.plane_title(across)
        columns, rows = plane.size(self.scan.frame)
        return ShownPlane(title, columns, rows, plane.pixel_size, slices, plane.letters)

    def _best_slice(self, across: int) -> int:
        if not self.regions:
            return self.planes[across].slices // 2
        sizes = [np.prod(np.subtract(region.box[3:], region.box[:3])) for region in self.regions]
        return self.middle(across, int(np.argmax(sizes)))

    def _decoded(self, number: int) -> npt.NDArray[np.bool_] | None:
        mask = self.regions[number].mask
        return None if mask is None else mask.decode()

    def _outline(self, number: int, plane: Plane, box: Sequence[float]) -> str:
        mask = self._mask(number)
        if mask is None:
            return ""
        left, top = (max(0, int(np.floor(edge))) for edge in box[:2])
        right, bottom = (int(np.ceil(edge)) for edge in box[2:])
        return _path(np.asarray(plane.cut(mask)[left:right, top:bottom]), left, top)


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _path(mask: npt.NDArray[np.generic], left: int, top: int) -> str:
    """The contour of a mask ``(columns, rows)`` that begins at a column and a row, holes as contours of their own."""
    if not mask.any():
        return ""
    lines = contourpy.contour_generator(z=np.pad(mask, 1).T.astype(np.float64)).lines(0.5)
    # A line runs between the middles of pixels, of which the first one is padding.
    parts = [(np.asarray(line) - 0.5 + [left, top]).round(2) for line in lines]
    return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in part.tolist()) + "Z" for part in parts)
