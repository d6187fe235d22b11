# SPDX-License-Identifier: Apache-2.0
"""What a destination gets of each result, because viewers differ in what they draw; not where the destination is.

Which viewer draws what was looked at in OHIF 3.13: image coordinates on a slice are drawn, coordinates in space and
references to segments are not; segmentations and pictures are shown. Where pixels are not square it draws image
coordinates in the wrong place (cornerstone3D, issue 2758), so that its profile has none there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from monai_medglip.dicom.segmentation import SegmentationKind
from monai_medglip.dicom.source_images import SourceImages
from monai_medglip.errors import ConfigurationError

__all__ = ["PROFILES", "DestinationProfile", "RegionForm", "destination_profile"]


class RegionForm(str, Enum):
    """How a report says where a region is."""

    IMAGE = "image"
    """A closed line in pixels of a slice (TID 1410, SCOORD): the middle slice first, then the first and last one."""
    SPACE = "space"
    """The surface of the box in millimeters of the patient (TID 1411, SCOORD3D), exact also between slices."""
    WORDS = "words"
    """Not at all: what is located is said in words, where it is by segmentation and pictures."""


@dataclass(frozen=True)
class DestinationProfile:
    """What is written for one destination; a report is always.

    Attributes:
        name: what it is called in settings.
        regions: how the report says where a region is; image coordinates where the image has no place in space.
        segmentation: how masks are stored, None for none.
        picture: whether pictures with the boxes burnt in are written, which every viewer shows.
        needs_square_pixels: whether the viewer draws image coordinates rightly on square pixels alone.
    """

    name: str
    regions: RegionForm = RegionForm.IMAGE
    segmentation: SegmentationKind | None = SegmentationKind.BINARY
    picture: bool = True
    needs_square_pixels: bool = False

    def regions_on(self, sources: SourceImages) -> RegionForm:
        """Give how a report on these images says where a region is."""
        misplaced = self.needs_square_pixels and self.regions is RegionForm.IMAGE and not sources.has_square_pixels
        return RegionForm.WORDS if misplaced else self.regions


PROFILES = {
    profile.name: profile
    for profile in (
        DestinationProfile("ohif", needs_square_pixels=True),
        DestinationProfile("pictures", segmentation=None),
        DestinationProfile("research", regions=RegionForm.SPACE, segmentation=SegmentationKind.LABELMAP, picture=False),
    )
}
"""The profiles by name: a viewer that draws reports and segmentations, one that draws neither, programs that read."""


def destination_profile(name: str) -> DestinationProfile:
    """Give the profile of that name.

    Raises:
        ConfigurationError: when there is none.
    """
    if name not in PROFILES:
        raise ConfigurationError(f"expected a destination profile, one of {', '.join(PROFILES)}; got {name!r}")
    return PROFILES[name]
