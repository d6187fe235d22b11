# SPDX-License-Identifier: Apache-2.0
"""Drawing the regions of a 2D grounding on its picture: masks, boxes, labels, and truth in dashes.

Of a volume it draws what `sections` gives for one plane.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from monai_medglip.grounding import Grounding
from monai_medglip.grounding.colors import phrase_color, text_color_on
from monai_medglip.imaging import MaskRLE
from monai_medglip.visualize.dashes import dash_outline
from monai_medglip.visualize.labels import LabelPlacer, is_numbered
from monai_medglip.visualize.text import Font, drawable_text, fit_text, font_of_size, text_width

__all__ = ["Canvas", "draw_boxes", "draw_labels", "draw_masks", "draw_regions", "draw_truth"]

_FILL_OPACITY = 0.32
# A phrase with more regions than this gets bare scores: thirty times "red blood cell" hides the cells.
_MOST_FULL_LABELS = 8


@dataclass(frozen=True)
class Canvas:
    """A picture that shows pixels enlarged or reduced, and is drawn upon.

    Attributes:
        picture: RGB.
        scale: picture pixels for a column and for a row of what is shown.
        line_width: of boxes and contours, in pixels.
        font_size: of labels, in pixels.
        origin: where the picture was cut out of the whole one, in pixels.
    """

    picture: Image.Image
    scale: tuple[float, float]
    line_width: int
    font_size: int
    origin: tuple[int, int] = (0, 0)

    def cropped(self, corner: tuple[int, int], size: tuple[int, int]) -> Canvas:
        """Give a part of the picture, black where it lies outside; labels then keep to that part.

        Masks are drawn before: the edge of a part is no edge of the image.
        """
        (x, y), (width, height) = corner, size
        return replace(self, picture=self.picture.crop((x, y, x + width, y + height)), origin=corner)

    def mask(self, mask: MaskRLE) -> tuple[Image.Image, tuple[int, int]] | None:
        """Give a mask as 0 and 255 around its foreground, and where that lies on the picture; None when all is empty.

        Only that part is resampled: a picture of 500 cells is drawn in seconds, not minutes.
        """
        inside = mask.decode().T
        if not inside.any():
            return None
        top, bottom, y0, y1 = _bounds(np.asarray(inside.any(axis=1)), self.scale[1], self.picture.height)
        left, right, x0, x1 = _bounds(np.asarray(inside.any(axis=0)), self.scale[0], self.picture.width)
        grey = Image.fromarray(inside[top:bottom, left:right].astype(np.uint8) * np.uint8(255))
        source = (
            max(x0 / self.scale[0] - left, 0.0),
            max(y0 / self.scale[1] - top, 0.0),
            min(x1 / self.scale[0] - left, grey.width),
            min(y1 / self.scale[1] - top, grey.height),
        )
        method = Image.Resampling.BILINEAR if min(self.scale) >= 1 else Image.Resampling.BOX
        return grey.resize((x1 - x0, y1 - y0), method, box=source).point([0] * 128 + [255] * 128), (x0, y0)

    def contour(self, filled: Image.Image, width: int) -> Image.Image:
        """Give the inner border of a filled area, ``width`` pixels wide; the edge of the picture counts as one."""
        framed = ImageOps.expand(filled, border=width)
        eroded = framed.filter(ImageFilter.MinFilter(2 * width + 1))
        return ImageChops.subtract(filled, ImageOps.crop(eroded, border=width))

    def boxes(self, grounding: Grounding) -> npt.NDArray[np.float64]:
        """Give the boxes ``(N, 4)`` as first and last pixels of the picture."""
        corners = np.rint(grounding.boxes.data * np.tile(self.scale, 2)) - np.tile(self.origin, 2)
        corners[:, 2:] = np.maximum(corners[:, 2:] - 1, corners[:, :2])
        last = np.tile(self.picture.size, 2) - 1
        return np.asarray(np.clip(corners, 0, last))


def draw_regions(canvas: Canvas, grounding: Grounding) -> None:
    """Draw masks as translucent areas with a contour, then boxes."""
    draw_masks(canvas, grounding)
    draw_boxes(canvas, grounding)


def draw_masks(canvas: Canvas, grounding: Grounding) -> None:
    """Draw masks as translucent areas with a contour."""
    for phrase, mask in _masks(grounding):
        _draw_mask(canvas, mask, phrase)


def draw_boxes(canvas: Canvas, grounding: Grounding) -> None:
    """Draw boxes as outlines."""
    draw = ImageDraw.Draw(canvas.picture)
    for phrase, box in zip(grounding.phrase_index.tolist(), canvas.boxes(grounding), strict=True):
        _draw_box(draw, box, phrase_color(phrase), canvas.line_width)


def draw_truth(canvas: Canvas, truth: Grounding) -> None:
    """Draw the contours of masks, and the boxes of regions without one, as black and white dashes."""
    outline = Image.new("L", canvas.picture.size)
    for _, mask in _masks(truth):
        placed = canvas.mask(mask)
        if placed is not None:
            outline.paste(255, placed[1], canvas.contour(placed[0], 1))
    draw = ImageDraw.Draw(outline)
    for region, box in zip(truth, canvas.boxes(truth), strict=True):
        if region.mask is None and truth.phrase_masks[region.phrase_index] is None:
            draw.rectangle([float(edge) for edge in box], outline=255, width=canvas.line_width)
    dash_outline(canvas.picture, outline, max(4, canvas.font_size // 2))


def _masks(grounding: Grounding) -> Iterator[tuple[int, MaskRLE]]:
    """Go through the masks to draw: a phrase's own, else those of its regions; the largest first, under the others."""
    masks = [(index, mask) for index, mask in enumerate(grounding.phrase_masks) if mask is not None]
    whole = {index for index, _ in masks}
    rows = zip(grounding.phrase_index.tolist(), grounding.instance_masks, strict=True)
    masks += [(index, mask) for index, mask in rows if mask is not None and index not in whole]
    return iter(sorted(masks, key=lambda entry: -entry[1].area))


def _draw_mask(canvas: Canvas, mask: MaskRLE, phrase: int) -> None:
    placed = canvas.mask(mask)
    if placed is None:
        return
    filled, corner = placed
    color = phrase_color(phrase)
    canvas.picture.paste(color, corner, filled.point([round(level * _FILL_OPACITY) for level in range(256)]))
    canvas.picture.paste(color, corner, canvas.contour(filled, canvas.line_width))


def _draw_box(draw: ImageDraw.ImageDraw, box: npt.NDArray[np.float64], color: tuple[int, int, int], width: int) -> None:
    x0, y0, x1, y1 = (float(edge) for edge in box)
    # A thin black rim keeps pale colors visible on bright pictures.
    draw.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=(0, 0, 0), width=width + 2)
    draw.rectangle((x0, y0, x1, y1), outline=color, width=width)


def draw_labels(canvas: Canvas, grounding: Grounding) -> None:
    """Label boxes from the best score down; with less text, or none, where there is no room."""
    font, padding = font_of_size(canvas.font_size), max(2, canvas.font_size // 5)
    height = round(canvas.font_size * 1.25)
    placer = LabelPlacer(*canvas.picture.size)
    draw = ImageDraw.Draw(canvas.picture)
    boxes = canvas.boxes(grounding)
    texts_of = _label_texts(grounding, font, round(canvas.picture.width * 0.45))
    for row in np.argsort(-grounding.scores, kind="stable"):
        phrase, texts = int(grounding.phrase_index[row]), texts_of[row]
        sizes = [(text_width(text, font) + 2 * padding, height) for text in texts]
        place = placer.place(boxes[row] + np.array([0, 0, 1, 1]), sizes)
        if place is None:
            continue
        which, x, y = place
        color = phrase_color(phrase)
        draw.rectangle((x, y, x + sizes[which][0] - 1, y + height - 1), fill=color)
        draw.text((x + padding, y + height / 2), texts[which], fill=text_color_on(color), font=font, anchor="lm")


def _label_texts(grounding: Grounding, font: Font, room: int) -> list[tuple[str, ...]]:
    """Give the labels that each row may have, the best first."""
    if is_numbered(grounding):
        return [(str(phrase + 1),) for phrase in grounding.phrase_index]
    counts = np.bincount(grounding.phrase_index, minlength=len(grounding.phrases))
    names = [fit_text(drawable_text(phrase.text), font, room) for phrase in grounding.phrases]
    texts: list[tuple[str, ...]] = []
    for phrase, value in zip(grounding.phrase_index, grounding.scores, strict=True):
        score = f"{value:.2f}"
        texts.append((f"{names[phrase]} {score}", score) if counts[phrase] <= _MOST_FULL_LABELS else (score,))
    return texts


def _bounds(is_set: npt.NDArray[np.bool_], scale: float, size: int) -> tuple[int, int, int, int]:
    """Give the set part of one axis with a margin, in voxels ``low, high`` and in pixels of the picture."""
    voxels = np.flatnonzero(is_set)
    margin = math.ceil(1 / scale) + 1
    low, high = max(int(voxels[0]) - margin, 0), min(int(voxels[-1]) + 1 + margin, is_set.size)
    first = min(math.ceil(low * scale), size - 1)
    return low, high, first, max(min(math.floor(high * scale), size), first + 1)
