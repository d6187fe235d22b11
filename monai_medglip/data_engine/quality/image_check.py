# SPDX-License-Identifier: Apache-2.0
"""What all checks of single images have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from monai_medglip.data_engine.quality.finding import Stage
from monai_medglip.data_engine.record import Region
from monai_medglip.imaging.scan import Scan
from monai_medglip.ontology import Ontology
from monai_medglip.phrases.seen_region import SeenRegion, SeenRegions

__all__ = ["CheckedImage", "ImageCheck", "Remark"]


@dataclass(frozen=True)
class CheckedImage:
    """An image with its regions while it is checked.

    Args:
        scan: the pixels and their place.
        regions: what is drawn, by concepts.
        ontology: the concepts.
    """

    scan: Scan
    regions: tuple[Region, ...]
    ontology: Ontology

    @cached_property
    def seen(self) -> SeenRegions:
        """The regions with their places in the patient."""
        regions = (SeenRegion(region.concept, region.box, region.mask) for region in self.regions)
        return SeenRegions(tuple(regions), self.scan.frame)


@dataclass(frozen=True)
class Remark:
    """What a check says of an image.

    Args:
        reason: in words, with the numbers that were seen.
        region: position of the region that it is about; None where it is about the image.
    """

    reason: str
    region: int | None = None


class ImageCheck(Protocol):
    """Looks at one image; stateless, so that it can be sent to another process."""

    name: str
    stage: Stage

    def __call__(self, image: CheckedImage) -> Iterator[Remark]:
        """Give what is wrong with an image, region by region in their order."""
