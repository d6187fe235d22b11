# SPDX-License-Identifier: Apache-2.0
"""A grounding drawn on its scan, with a legend of all answers: one picture to look at, no figure and no window."""

from __future__ import annotations

import math
import os

import numpy as np
import numpy.typing as npt
from PIL import Image

from monai_medglip.errors import GeometryError
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import Scan
from monai_medglip.visualize.display import display_window, displayed
from monai_medglip.visualize.legend import draw_legend
from monai_medglip.visualize.montage import montage
from monai_medglip.visualize.picture_file import write_picture
from monai_medglip.visualize.plane import Plane, planes_to_show
from monai_medglip.visualize.regions import Canvas, draw_labels, draw_regions, draw_truth

__all__ = ["overlay", "write_overlay"]

# The longer side of a picture: large enough for readable labels, small enough for a screen.
_LEAST_SIDE = 800
_MOST_SIDE = 1280
_MOST_SLICES = 6


def overlay(
    scan: Scan,
    grounding: Grounding,
    *,
    truth: Grounding | None = None,
    window: tuple[float, float] | None = None,
) -> npt.NDArray[np.uint8]:
    """Give a picture of a scan with the regions of a grounding, and a legend under it.

    Small images are enlarged and huge ones reduced, so that labels are readable. A volume is shown by the axial slice
    with most of each phrase, in radiological convention.

    Args:
        scan: the image; it is not changed.
        grounding: the result to draw, on the scan's frame.
        truth: what is known to be true, drawn as black and white dashes.
        window: the intensities shown as black and as white; measured from the scan when not given.

    Returns:
        ``(H, W, 3)`` uint8 RGB, upright.

    Raises:
        GeometryError: when grounding or truth lie on another grid than the scan.

    Example:
        >>> picture = overlay(scan, grounding)  # doctest: +SKIP
    """
    for name, drawn in (("grounding", grounding), ("truth", truth)):
        if drawn is not None and drawn.frame.shape != scan.frame.shape:
            raise GeometryError(
                f"expected a {name} on the scan's grid {scan.frame.shape}, got one on {drawn.frame.shape}; "
                "draw it on the image that it was made from"
            )
    shown_window = window or display_window(scan)
    planes = planes_to_show(scan.frame, _shown_first(grounding, truth), _MOST_SLICES)
    canvases = [_canvas(scan, plane, shown_window) for plane in planes]
    for canvas in canvases:
        draw_regions(canvas, grounding)
        if truth is not None:
            draw_truth(canvas, truth)
        draw_labels(canvas, grounding)
    if scan.spatial_dims == 2:
        body = canvases[0].picture
    else:
        captions = [_slice_caption(scan, plane) for plane in planes]
        body = Image.fromarray(montage([np.asarray(canvas.picture) for canvas in canvases], captions))
    legend = draw_legend(grounding, body.width, canvases[0].font_size, has_truth=truth is not None)
    return np.vstack([np.asarray(body), np.asarray(legend).reshape(-1, body.width, 3)])


def write_overlay(
    path: str | os.PathLike[str],
    scan: Scan,
    grounding: Grounding,
    *,
    truth: Grounding | None = None,
    window: tuple[float, float] | None = None,
) -> None:
    """Write the picture of `overlay` in the format that the suffix of ``path`` names, whole or not at all.

    Raises:
        GeometryError: when grounding or truth lie on another grid than the scan.
        OutputError: when the file cannot be written.
    """
    write_picture(path, overlay(scan, grounding, truth=truth, window=window))


def _shown_first(grounding: Grounding, truth: Grounding | None) -> Grounding:
    """Give what decides the slices: the result, or the truth where nothing was found."""
    is_empty = not len(grounding) and not any(grounding.phrase_masks)
    return truth if truth is not None and is_empty else grounding


def _canvas(scan: Scan, plane: Plane, window: tuple[float, float]) -> Canvas:
    columns, rows = plane.size(scan.frame)
    unit = min(plane.pixel_size)
    width, height = columns * plane.pixel_size[0] / unit, rows * plane.pixel_size[1] / unit
    zoom = float(np.clip(1.0, _LEAST_SIDE / max(width, height), _MOST_SIDE / max(width, height)))
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    step = max(1, math.floor(min(columns / size[0], rows / size[1]) / 2))
    cut = plane.cut(scan.array)[:, ::step, ::step]  # thinned first: a gigapixel image never becomes floats
    picture = Image.fromarray(displayed(cut, window)).resize(size, Image.Resampling.LANCZOS)
    longest = max(size)
    return Canvas(
        picture=picture,
        plane=plane,
        scale=(size[0] / columns, size[1] / rows),
        line_width=max(2, round(longest / 400)),
        font_size=max(15, round(longest / 48)),
    )


def _slice_caption(scan: Scan, plane: Plane) -> str:
    axis = plane.slice_axis if plane.slice_axis is not None else 0
    side = ", patient's left at the right" if scan.frame.laterality_known else ""
    return f"axial slice {plane.slice_index + 1} of {scan.spatial_shape[axis]}{side}"
