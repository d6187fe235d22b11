# SPDX-License-Identifier: Apache-2.0
"""One plane of a volume around a region: masks, the region's box, directions of the patient, a scale bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from monai_medglip.grounding import Grounding
from monai_medglip.imaging import Scan
from monai_medglip.visualize.display import displayed_picture
from monai_medglip.visualize.focus import Focus
from monai_medglip.visualize.plane import Plane
from monai_medglip.visualize.regions import Canvas, draw_boxes, draw_labels, draw_masks, draw_truth
from monai_medglip.visualize.text import font_of_size

__all__ = ["PlaneCell"]

_FONT_SIZE = 17
_LINE_WIDTH = 2
_TEXT = (244, 244, 245)
_BAR_LENGTHS_MM = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_LONGEST_BAR = 0.3


@dataclass(frozen=True, eq=False)
class PlaneCell:
    """A square picture of a plane.

    Attributes:
        scan: the volume.
        plane: one of its planes.
        focus: what the cell is centered on, as far as the volume goes.
        window: the intensities shown as black and as white.
        side: columns and rows of the picture.
    """

    scan: Scan
    plane: Plane
    focus: Focus
    window: tuple[float, float]
    side: int

    def draw(self, shown: Grounding, own: Grounding, *, truth: Grounding | None, caption: str) -> Image.Image:
        """Give the picture.

        Args:
            shown: what of the grounding lies in the plane; its masks are drawn.
            own: the region in focus; its box is drawn with its label.
            truth: what of the truth lies in the plane.
            caption: of the plane, in the lower left corner.
        """
        canvas = self._canvas()
        draw_masks(canvas, shown)
        draw_boxes(canvas, own)
        if truth is not None:
            draw_truth(canvas, truth)
        part = canvas.cropped(self._corner(canvas), (self.side, self.side))
        draw_labels(part, own)
        self._write_letters(part.picture)
        draw = ImageDraw.Draw(part.picture)
        _write(draw, (8, self.side - 8), caption, anchor="ls")
        if self.scan.frame.spacing_known:
            self._draw_bar(draw, part.scale[0] / self.plane.pixel_size[0])
        return part.picture

    def _canvas(self) -> Canvas:
        """Give the whole plane, enlarged or reduced so that the field of the focus fills the cell."""
        columns, rows = self.plane.size(self.scan.frame)
        zoom = self.side / self.focus.field()
        width = max(1, round(columns * self.plane.pixel_size[0] * zoom))
        height = max(1, round(rows * self.plane.pixel_size[1] * zoom))
        return Canvas(
            picture=displayed_picture(self.plane.cut(self.scan.array), self.window, (width, height)),
            scale=(width / columns, height / rows),
            line_width=_LINE_WIDTH,
            font_size=_FONT_SIZE,
        )

    def _corner(self, canvas: Canvas) -> tuple[int, int]:
        """Give the upper left corner of the cell in the plane: the box is in the middle unless the plane ends there."""
        box = self.plane.project(self.focus.box[None], self.scan.frame)[0]
        middle = (box[:2] + box[2:]) / 2 * canvas.scale
        room: npt.NDArray[np.int64] = np.array(canvas.picture.size) - self.side
        corner = np.where(room > 0, np.clip(np.rint(middle - self.side / 2), 0, room), room // 2)
        return int(corner[0]), int(corner[1])

    def _write_letters(self, picture: Image.Image) -> None:
        draw, middle, far = ImageDraw.Draw(picture), self.side / 2, self.side - 8
        places = (((8, middle), "lm"), ((far, middle), "rm"), ((middle, 8), "mt"), ((middle, far), "mb"))
        for letter, (place, anchor) in zip(self.plane.letters, places, strict=True):
            _write(draw, place, letter, anchor=anchor)

    def _draw_bar(self, draw: ImageDraw.ImageDraw, pixels_per_mm: float) -> None:
        fitting = [length for length in _BAR_LENGTHS_MM if length * pixels_per_mm <= _LONGEST_BAR * self.side]
        if not fitting:
            return
        right, y = self.side - 9, self.side - 10
        left = right - round(fitting[-1] * pixels_per_mm)
        draw.rectangle((left - 1, y - 1, right + 1, y + 3), fill=(0, 0, 0))
        draw.rectangle((left, y, right, y + 2), fill=_TEXT)
        _write(draw, ((left + right) / 2, y - 5), f"{fitting[-1]} mm", anchor="ms")


def _write(draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, *, anchor: str) -> None:
    # A dark rim keeps the letters readable on bone.
    draw.text(place, text, _TEXT, font_of_size(_FONT_SIZE), anchor, stroke_width=2, stroke_fill=(0, 0, 0))
