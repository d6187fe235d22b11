# SPDX-License-Identifier: Apache-2.0
"""What of a grounding lies in the planes of a picture: for each plane a 2D grounding of the pixels shown.

Drawing then knows 2D only. Every mask is decoded once, whatever the number of planes: one of a whole-body volume is a
hundred megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import MaskRLE, Scan
from monai_medglip.visualize.plane import Plane

__all__ = ["check_same_grid", "sections"]


def sections(grounding: Grounding, planes: Sequence[Plane]) -> list[Grounding]:
    """Give the regions that each plane shows, with boxes and masks in its columns and rows.

    Args:
        grounding: the whole.
        planes: of the grounding's frame.

    Returns:
        One 2D grounding for each plane with all phrases, and with the rows whose box reaches it. Single regions keep
        their masks only where their phrase has none: drawing needs one of the two.
    """
    if all(plane.is_stored_order for plane in planes):
        return [grounding] * len(planes)
    cuts = [plane.cut_boxes(grounding.boxes) for plane in planes]
    phrase_masks = [_cut(mask, planes) for mask in grounding.phrase_masks]
    covered = [grounding.phrase_masks[index] is not None for index in grounding.phrase_index]
    own_masks = [
        _cut(None if is_covered else mask, planes)
        for is_covered, mask in zip(covered, grounding.instance_masks, strict=True)
    ]
    return [
        replace(
            grounding,
            boxes=Boxes(boxes, Frame.pixel(plane.size(grounding.frame))),
            scores=grounding.scores[rows],
            phrase_index=grounding.phrase_index[rows],
            instance_masks=tuple(own_masks[row][number] for row in rows),
            phrase_masks=tuple(masks[number] for masks in phrase_masks),
        )
        for number, (plane, (rows, boxes)) in enumerate(zip(planes, cuts, strict=True))
    ]


def _cut(mask: MaskRLE | None, planes: Sequence[Plane]) -> list[MaskRLE | None]:
    if mask is None:
        return [None] * len(planes)
    dense = mask.decode()
    return [MaskRLE.encode(plane.cut(dense)) for plane in planes]


def check_same_grid(scan: Scan, **drawn: Grounding | None) -> None:
    """Raise GeometryError when a grounding, given by its name, lies on another grid than the scan."""
    for name, grounding in drawn.items():
        if grounding is not None and grounding.frame.shape != scan.frame.shape:
            raise GeometryError(
                f"expected a {name} on the scan's grid {scan.frame.shape}, got one on {grounding.frame.shape}; "
                "draw it on the image that it was made from"
            )
