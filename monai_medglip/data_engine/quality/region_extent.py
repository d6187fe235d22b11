# SPDX-License-Identifier: Apache-2.0
"""Regions that are too small or too large to be what they are called."""

from __future__ import annotations

import math
from collections.abc import Iterator

from monai_medglip.data_engine.instances import SMALLEST_COMPONENT
from monai_medglip.data_engine.quality.finding import Stage
from monai_medglip.data_engine.quality.image_check import CheckedImage, Remark

__all__ = ["RegionExtent"]

SHORTEST_SIDE = 3.0
"""A box with a side below this many voxels is hardly a box in an image; in a volume one slice is enough."""
WHOLE_SHARE = 0.98
"""Share of the image from which on a region is all of it."""


class RegionExtent:
    """Specks of masks, slivers of boxes, and masks or boxes that are the whole image."""

    name = "region extent"
    stage = Stage.REGIONS

    def __call__(self, image: CheckedImage) -> Iterator[Remark]:
        """Give the regions that are too small or too large."""
        shape = image.scan.spatial_shape
        for index, region in enumerate(image.regions):
            dims = len(region.box) // 2
            sides = [high - low for low, high in zip(region.box[:dims], region.box[dims:], strict=True)]
            voxels = math.prod(sides) if region.mask is None else region.mask.area
            share = voxels / math.prod(shape)
            # A label that is one instance keeps its specks: an organ of which the image shows a corner, or a slip.
            if region.ignored or (region.mask is not None and voxels < SMALLEST_COMPONENT):
                yield Remark(f"{region.concept}: a speck of {voxels} voxels", index)
            elif dims == 2 and min(sides) < SHORTEST_SIDE:
                yield Remark(f"{region.concept}: a box of {sides[0]:g} x {sides[1]:g} pixels", index)
            elif share >= WHOLE_SHARE:
                yield Remark(f"{region.concept}: covers {share:.1%} of the image", index)
