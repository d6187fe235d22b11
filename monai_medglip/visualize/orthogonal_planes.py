# SPDX-License-Identifier: Apache-2.0
"""Three planes of a volume through the center of each region found, as one picture with a legend of all answers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Grounding, box_sizes_mm, mask_volume_ml, size_text, volume_text
from monai_medglip.grounding.colors import Color, phrase_color
from monai_medglip.imaging import Scan
from monai_medglip.visualize.display import display_window
from monai_medglip.visualize.focus import ACROSS, Focus, foci
from monai_medglip.visualize.labels import is_numbered
from monai_medglip.visualize.legend import draw_legend
from monai_medglip.visualize.plane import Plane
from monai_medglip.visualize.plane_cell import PlaneCell
from monai_medglip.visualize.sections import check_same_grid, sections
from monai_medglip.visualize.text import drawable_text, fit_text, font_of_size, text_width
from monai_medglip.visualize.volume_order import VolumeOrder, volume_order

__all__ = ["orthogonal_planes"]

# More rows than this are no picture to look at; the page of `write_volume_page` shows every region.
_MOST_ROWS = 6
_CELL = 400
_GAP = 8
_ROW_WIDTH = 3 * (_CELL + _GAP)
_FONT_SIZE = 20
_BACKGROUND, _TEXT, _QUIET = (24, 24, 27), (244, 244, 245), (190, 190, 198)


def orthogonal_planes(
    scan: Scan,
    grounding: Grounding,
    *,
    truth: Grounding | None = None,
    window: tuple[float, float] | None = None,
) -> npt.NDArray[np.uint8]:
    """Give a picture with a row for each region: axial, coronal and sagittal plane through the center of its box.

    As radiologists look at it: the patient's left at the right, the front at the top or left, the head at the top, with
    letters for the directions that are known; axes of which nothing is known are shown as stored. Proportions are those
    of the voxels. A cell shows the surroundings, the masks of all phrases, and the region's own box and score; its size
    and volume stand over it where the spacing is known. At most six regions, the best of each phrase first.

    Args:
        scan: the volume; it is not changed.
        grounding: the result to draw, on the scan's frame.
        truth: what is known to be true, drawn as black and white dashes; it leads where nothing was found.
        window: the intensities shown as black and as white; measured from the scan when not given.

    Returns:
        ``(H, W, 3)`` uint8 RGB with the legend under it.

    Raises:
        GeometryError: for a 2D image, or when grounding or truth lie on another grid than the scan.

    Example:
        >>> picture = orthogonal_planes(scan, grounding)  # doctest: +SKIP
    """
    check_same_grid(scan, grounding=grounding, truth=truth)
    found = foci(grounding)
    missed = (
        []
        if truth is None
        else [replace(one, title=f"{one.title}: truth", phrase=None, row=None) for one in foci(truth)]
    )
    chosen = (found or missed)[:_MOST_ROWS] or [Focus(scan.frame.extent, scan.frame, "no region found")]
    rows = list(_rows(scan, grounding, truth, chosen, window or display_window(scan)))
    body = _arranged(rows)
    strips = [body]
    if len(found) > len(chosen):
        note = f"{len(chosen)} of {len(found)} regions are shown, the best of each phrase first"
        strips.append(_line(body.width, "", note))
    strips.append(draw_legend(grounding, body.width, _FONT_SIZE, has_truth=truth is not None))
    return np.vstack([np.asarray(strip, np.uint8).reshape(-1, body.width, 3) for strip in strips])


def _arranged(rows: Sequence[Image.Image]) -> Image.Image:
    """Give the rows in one picture: two beside each other when there are more than two, as wide as a screen is."""
    across = 1 if len(rows) <= 2 else 2
    size = rows[0].size
    body = Image.new("RGB", (across * size[0] + _GAP, math.ceil(len(rows) / across) * size[1]), _BACKGROUND)
    for place, row in enumerate(rows):
        body.paste(row, (_GAP + place % across * size[0], place // across * size[1]))
    return body


def _rows(
    scan: Scan,
    grounding: Grounding,
    truth: Grounding | None,
    chosen: Sequence[Focus],
    window: tuple[float, float],
) -> Iterator[Image.Image]:
    """Give the three cells of each focus side by side under a heading."""
    order = volume_order(scan.frame)
    planes = [focus.planes(order) for focus in chosen]
    flat = [plane for row in planes for plane in row]
    shown = iter(sections(grounding, flat))
    true = iter([None] * len(flat) if truth is None else sections(truth, flat))
    for focus, row in zip(chosen, planes, strict=True):
        heading = _heading(grounding, focus, order)
        strip = Image.new("RGB", (_ROW_WIDTH, heading.height + _CELL + _GAP), _BACKGROUND)
        strip.paste(heading)
        for place, (plane, across) in enumerate(zip(row, ACROSS, strict=True)):
            seen, own = next(shown), _own(grounding, focus, plane)
            caption = f"{order.plane_title(across)} · {plane.slice_index + 1}/{order.shape[across]}"
            cell = PlaneCell(scan, plane, focus, window, _CELL)
            picture = cell.draw(seen, own, truth=next(true), caption=caption)
            strip.paste(picture, (place * (_CELL + _GAP), heading.height))
        yield strip


def _own(grounding: Grounding, focus: Focus, plane: Plane) -> Grounding:
    """Give the region in focus as it lies in a plane."""
    row = grounding[[] if focus.row is None else [focus.row]]
    boxes = Boxes(plane.project(row.boxes.data, focus.frame), Frame.pixel(plane.size(focus.frame)))
    return replace(row, boxes=boxes, instance_masks=(), phrase_masks=())


def _heading(grounding: Grounding, focus: Focus, order: VolumeOrder) -> Image.Image:
    """Give the line over a row: the phrase in its color, the score, and measures where they are known."""
    title = drawable_text(focus.title)
    if focus.phrase is None:
        return _line(_ROW_WIDTH, title)
    if is_numbered(grounding):
        title = f"{focus.phrase + 1} {title}"
    mask = grounding.phrase_masks[focus.phrase]
    measures = []
    if focus.row is not None:
        title = f"{title} {grounding.scores[focus.row]:.2f}"
        size_mm = box_sizes_mm(grounding)[focus.row]
        measures.append(size_text(None if size_mm is None else tuple(size_mm[axis] for axis in order.axes)))
        is_only = int((grounding.phrase_index == focus.phrase).sum()) == 1
        mask = grounding.instance_masks[focus.row] or (mask if is_only else None)
    measures.append(volume_text(mask_volume_ml(mask, grounding.frame)))
    return _line(_ROW_WIDTH, title, "    ".join(filter(None, measures)), phrase_color(focus.phrase))


def _line(width: int, text: str, rest: str = "", color: Color | None = None) -> Image.Image:
    """Give a line of text, quieter towards its end, with a swatch of a color before it."""
    strip = Image.new("RGB", (width, round(_FONT_SIZE * 1.8)), _BACKGROUND)
    draw, font, middle, x = ImageDraw.Draw(strip), font_of_size(_FONT_SIZE), strip.height // 2, 0
    if color is not None:
        top = middle - _FONT_SIZE // 2
        draw.rectangle((0, top, _FONT_SIZE - 1, top + _FONT_SIZE - 1), fill=color)
        x = _FONT_SIZE + _GAP
    if text:
        shown = fit_text(text, font, width * 2 // 3)
        draw.text((x, middle), shown, _TEXT, font, "lm")
        x += text_width(shown, font) + 2 * _GAP
    draw.text((x + _GAP, middle), rest, _QUIET, font, "lm")
    return strip
