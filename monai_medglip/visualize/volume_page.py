# SPDX-License-Identifier: Apache-2.0
"""A volume to scroll through with its regions, as one HTML file that opens without a network or server.

The page holds the slices of one direction as JPEG and the masks as run lengths, and makes the other two directions of
them itself. Phrases are other people's words: the template escapes them, the script only ever writes them as text.
"""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import OutputError
from monai_medglip.grounding import Grounding, box_sizes_mm, region_volumes_ml, size_text, volume_text
from monai_medglip.imaging import MaskRLE, Scan
from monai_medglip.visualize.display import display_window, displayed
from monai_medglip.visualize.page_template import page_template, phrase_rows
from monai_medglip.visualize.sections import check_same_grid
from monai_medglip.visualize.volume_grid import VolumeGrid, volume_grid
from monai_medglip.visualize.volume_order import VolumeOrder, volume_order

__all__ = ["render_volume_page", "write_volume_page"]

_JPEG_QUALITY = 85
# A page of more is refused by mail servers and slow on a tablet.
_MOST_CHARACTERS = 8_000_000
# Tried one after another until the page is small enough.
_LONGEST_SIDES = (256, 192, 144, 108, 80, 60)


def render_volume_page(
    scan: Scan,
    grounding: Grounding,
    *,
    title: str,
    note: str = "",
    window: tuple[float, float] | None = None,
) -> str:
    """Give the page as HTML text.

    It shows axial, coronal and sagittal plane in radiological order, as `orthogonal_planes` does, with boxes and
    contours, and lists the answers to all phrases. Averaged voxels keep it under 8 MB; the page says how many.

    Args:
        scan: the volume; it is not changed.
        grounding: the result, on the scan's frame.
        title: of the page.
        note: source, licence or remark.
        window: the intensities shown as black and as white; measured from the scan when not given.

    Raises:
        GeometryError: for a 2D image, or when the grounding lies on another grid than the scan.
        OutputError: when even the coarsest page would be too large, as with thousands of regions.
    """
    order = volume_order(scan.frame)
    check_same_grid(scan, grounding=grounding)
    shown_window = window or display_window(scan)
    for longest in _LONGEST_SIDES:
        grid = volume_grid(order, longest)
        page = page_template("volume_page.html").render(
            title=title,
            note=note,
            phrases=_phrases(grounding, order),
            knows_volumes=scan.frame.spacing_known,
            is_averaged=max(grid.factors) > 1,
            grid=grid,
            view=_view(scan, grounding, grid, shown_window),
            provenance=_provenance(grounding.provenance),
        )
        if len(page) <= _MOST_CHARACTERS:
            return page
    raise OutputError(
        f"expected a page of at most {_MOST_CHARACTERS} characters, got {len(page)} for {len(grounding)} regions; "
        "keep fewer of them, with grounding.above(score)"
    )


def write_volume_page(
    path: str | os.PathLike[str],
    scan: Scan,
    grounding: Grounding,
    *,
    title: str,
    note: str = "",
    window: tuple[float, float] | None = None,
) -> None:
    """Write what `render_volume_page` gives, whole or not at all.

    Raises:
        GeometryError: for a 2D image, or when the grounding lies on another grid than the scan.
        OutputError: when the file cannot be written.
    """
    page = render_volume_page(scan, grounding, title=title, note=note, window=window)
    with atomic_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _phrases(grounding: Grounding, order: VolumeOrder) -> list[dict[str, Any]]:
    """Give the rows of the table, each with its regions, the best first."""
    sizes, volumes = box_sizes_mm(grounding), region_volumes_ml(grounding)
    regions: list[list[dict[str, Any]]] = [[] for _ in grounding.phrases]
    for row in np.argsort(-grounding.scores, kind="stable").tolist():
        size = sizes[row]
        measures = [size_text(None if size is None else tuple(size[axis] for axis in order.axes))]
        measures.append(volume_text(volumes[row]))
        entry = {"row": row, "score": f"{grounding.scores[row]:.2f}", "measures": ", ".join(filter(None, measures))}
        regions[grounding.phrase_index[row]].append(entry)
    return [{"row": row, "regions": regions[index]} for index, row in enumerate(phrase_rows(grounding))]


def _view(scan: Scan, grounding: Grounding, grid: VolumeGrid, window: tuple[float, float]) -> dict[str, Any]:
    """Give what the script draws, in plain values."""
    order = grid.order
    has_mask = [mask is not None for mask in grounding.phrase_masks]
    boxes = grid.boxes(grounding.boxes.data).tolist()
    return {
        "shape": grid.shape,
        "pixelSize": grid.pixel_size,
        "factors": grid.factors,
        "storedShape": order.shape,
        "reversed": order.reversed_axes,
        "ends": order.ends,
        "planes": [order.plane_title(across) for across in range(3)],
        "millimeters": scan.frame.spacing_known,
        "slices": _slices(scan, grid, window),
        "phrases": [
            {"text": row.phrase, "color": row.color, "mask": _mask(mask, grid)}
            for row, mask in zip(phrase_rows(grounding), grounding.phrase_masks, strict=True)
        ],
        "regions": [
            {
                "phrase": region.phrase_index,
                "score": round(region.score, 3),
                "box": [round(edge, 2) for edge in box],
                "mask": None if has_mask[region.phrase_index] else _mask(region.mask, grid),
            }
            for region, box in zip(grounding, boxes, strict=True)
        ],
    }


def _slices(scan: Scan, grid: VolumeGrid, window: tuple[float, float]) -> list[str]:
    """Give the slices across the last displayed axis as JPEG in base64; colors become grey."""
    grey = np.mean([grid.averaged(channel) for channel in scan.array], axis=0)
    return [_jpeg(displayed(grey[None, ..., place], window)[..., 0]) for place in range(grid.shape[2])]


def _jpeg(picture: npt.NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _mask(mask: MaskRLE | None, grid: VolumeGrid) -> dict[str, Any] | None:
    """Give the part of the grid that a mask lies in: corner, size and COCO's run lengths with the last axis fastest."""
    if mask is None or not mask.area:
        return None
    low, part = grid.mask(mask)
    return {"low": low.tolist(), "size": list(part.shape), "counts": MaskRLE.encode(part).counts.decode("ascii")}


def _provenance(provenance: Mapping[str, Any]) -> str:
    """Give the model in words, "" where the result does not say it."""
    names = [str(provenance[key]) for key in ("model", "version") if provenance.get(key) is not None]
    license_name = provenance.get("weights_license")
    return " ".join(names) + (f". Weights: {license_name}." if names and license_name else "")
