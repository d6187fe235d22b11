# SPDX-License-Identifier: Apache-2.0
"""A grounding drawn on its scan, with a legend of all answers: one picture to look at, no figure and no window."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

from monai_medglip.grounding import Grounding
from monai_medglip.imaging import Scan
from monai_medglip.visualize.display import display_window, displayed_picture
from monai_medglip.visualize.legend import draw_legend
from monai_medglip.visualize.orthogonal_planes import orthogonal_planes
from monai_medglip.visualize.picture_file import write_picture
from monai_medglip.visualize.plane import Plane, image_plane
from monai_medglip.visualize.regions import Canvas, draw_labels, draw_regions, draw_truth
from monai_medglip.visualize.sections import check_same_grid, sections

__all__ = ["overlay", "write_overlay"]

# The longer side of a picture: large enough for readable labels, small enough for a screen.
_LEAST_SIDE = 800
_MOST_SIDE = 1280


def overlay(
    scan: Scan,
    grounding: Grounding,
    *,
    truth: Grounding | None = None,
    window: tuple[float, float] | None = None,
) -> npt.NDArray[np.uint8]:
    """Give a picture of a scan with the regions of a grounding, and a legend under it.

    Small images are enlarged and huge ones reduced, so that labels are readable. Of a volume it shows three planes
    through each of the best regions, as `orthogonal_planes` says.

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
    if scan.spatial_dims == 3:
        return orthogonal_planes(scan, grounding, truth=truth, window=window)
    check_same_grid(scan, grounding=grounding, truth=truth)
    plane = image_plane(scan.frame)
    canvas = _canvas(scan, plane, window or display_window(scan))
    (shown,) = sections(grounding, [plane])
    draw_regions(canvas, shown)
    if truth is not None:
        draw_truth(canvas, sections(truth, [plane])[0])
    draw_labels(canvas, shown)
    legend = draw_legend(grounding, canvas.picture.width, canvas.font_size, has_truth=truth is not None)
    return np.vstack([np.asarray(canvas.picture), np.asarray(legend).reshape(-1, legend.width, 3)])


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


def _canvas(scan: Scan, plane: Plane, window: tuple[float, float]) -> Canvas:
    columns, rows = plane.size(scan.frame)
    zoom = float(np.clip(1.0, _LEAST_SIDE / max(columns, rows), _MOST_SIDE / max(columns, rows)))
    size = (max(1, round(columns * zoom)), max(1, round(rows * zoom)))
    longest = max(size)
    return Canvas(
        picture=displayed_picture(plane.cut(scan.array), window, size),
        scale=(size[0] / columns, size[1] / rows),
        line_width=max(2, round(longest / 400)),
        font_size=max(15, round(longest / 48)),
    )
