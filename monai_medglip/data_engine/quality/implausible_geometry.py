# SPDX-License-Identifier: Apache-2.0
"""Voxel sizes and pixels that no scanner makes."""

from __future__ import annotations

from collections.abc import Iterator

from monai_medglip.data_engine.quality.finding import Stage
from monai_medglip.data_engine.quality.image_check import CheckedImage, Remark

__all__ = ["ImplausibleGeometry"]

SMALLEST_MM, LARGEST_MM = 1e-4, 50.0
"""Voxel sizes between a tenth of a micrometer (microscopy) and a scout's slices [mm]."""
MOST_ANISOTROPIC = 60.0
"""How many times longer than wide a voxel may be."""


class ImplausibleGeometry:
    """Voxel sizes out of range, needle-like voxels, pixels that are all equal; readers refuse what is not finite."""

    name = "implausible geometry"
    stage = Stage.GEOMETRY

    def __call__(self, image: CheckedImage) -> Iterator[Remark]:
        """Give what is wrong with the grid and the pixels as such."""
        frame, pixels = image.scan.frame, image.scan.array
        if frame.spacing_known:
            spacing = frame.spacing_mm
            told = " x ".join(f"{length:.4g}" for length in spacing)
            if min(spacing) < SMALLEST_MM or max(spacing) > LARGEST_MM:
                yield Remark(f"voxels of {told} mm; expected {SMALLEST_MM:g} to {LARGEST_MM:g} mm")
            elif max(spacing) > MOST_ANISOTROPIC * min(spacing):
                yield Remark(f"voxels of {told} mm, more than {MOST_ANISOTROPIC:g} times as long as wide")
        if pixels.min() == pixels.max():
            yield Remark(f"all values are {pixels.flat[0]}")
