# SPDX-License-Identifier: Apache-2.0
"""Boxes of a grounding as 3D Slicer's markups: one ROI box for each region, turned as the image is.

Follows Slicer's markups schema 1.0.3: coordinates in LPS millimeters; ``orientation`` is a 3x3 matrix row by row whose
columns are the box's axes. Only for images whose place in the patient is known.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import GeometryError
from monai_medglip.geometry import LPS_FROM_RAS, Frame
from monai_medglip.grounding.region import GroundedRegion
from monai_medglip.grounding.result import Grounding

__all__ = ["to_slicer_markups", "write_slicer_markups"]

_SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
    "markups-schema-v1.0.3.json#"
)
# Cosine between two image axes up to which a sheared grid still counts as a box: 0.06 degrees.
_ORTHOGONAL_WITHIN = 1e-3


def to_slicer_markups(grounding: Grounding) -> dict[str, Any]:
    """Give the regions as Slicer's markups document, one ROI each, named by phrase and score.

    A region of a 2D image becomes a flat box, since its thickness is not known.

    Raises:
        GeometryError: when millimeters or directions in the patient are not known, or the image axes are not at right
            angles.
    """
    frame = grounding.frame
    try:
        frame.require_position()
    except GeometryError as error:
        raise GeometryError(
            f"Slicer's markups are millimeters in the patient, and here {error}. "
            "JSON (write_json) and COCO (write_coco) hold the boxes in pixels"
        ) from error
    orientation = _orientation(frame)
    centers = grounding.boxes.centers_mm() @ LPS_FROM_RAS[:3, :3].T
    sizes = np.zeros((len(grounding), 3))
    sizes[:, : frame.spatial_dims] = grounding.boxes.sizes_mm()
    markups = [
        _roi(region, number, center.tolist(), size.tolist(), orientation.ravel().tolist())
        for number, (region, center, size) in enumerate(zip(grounding, centers, sizes, strict=True), start=1)
    ]
    return {"@schema": _SCHEMA, "markups": markups}


def write_slicer_markups(path: str | os.PathLike[str], grounding: Grounding) -> None:
    """Write what `to_slicer_markups` gives, whole or not at all; Slicer opens names that end in ``.mrk.json``.

    Raises:
        GeometryError: when the image's place in the patient is not known.
        OutputError: when the file cannot be written.
    """
    document = to_slicer_markups(grounding)
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def _orientation(frame: Frame) -> npt.NDArray[np.float64]:
    """Give the box axes as columns in LPS, right-handed: a box looks the same with an axis turned about."""
    axes = frame.affine[:3, : frame.spatial_dims] / np.linalg.norm(frame.affine[:3, : frame.spatial_dims], axis=0)
    cosines = np.abs(axes.T @ axes - np.eye(frame.spatial_dims))
    if cosines.max() > _ORTHOGONAL_WITHIN:
        raise GeometryError(
            f"expected image axes at right angles, got a cosine of {cosines.max():.3g} between two; "
            "resample the image to an orthogonal grid first"
        )
    if frame.spatial_dims == 2:
        axes = np.column_stack([axes, np.cross(axes[:, 0], axes[:, 1])])
    if np.linalg.det(axes) < 0:
        axes[:, 2] *= -1
    return np.asarray(LPS_FROM_RAS[:3, :3] @ axes)


def _roi(
    region: GroundedRegion, number: int, center: list[float], size: list[float], orientation: list[float]
) -> dict[str, Any]:
    name = f"{region.phrase.text} {region.score:.2f}"
    return {
        "type": "ROI",
        "name": name,
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": True,
        "labelFormat": "%N",
        "roiType": "Box",
        "center": center,
        "orientation": orientation,
        "size": size,
        "controlPoints": [
            {"id": "1", "label": name, "description": f"region {number}", "position": center, "selected": True}
        ],
    }
