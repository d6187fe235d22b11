# SPDX-License-Identifier: Apache-2.0
"""Left and right things that lie on the wrong sides of each other."""

from __future__ import annotations

from collections.abc import Iterator

from monai_medglip.data_engine.quality.finding import Stage
from monai_medglip.data_engine.quality.image_check import CheckedImage, Remark
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.ontology import Ontology
from monai_medglip.ontology.concept import Side

__all__ = ["SideAgainstPosition"]


class SideAgainstPosition:
    """A left structure that lies further to the patient's right than its right counterpart, where sides are known."""

    name = "side against position"
    stage = Stage.ANATOMY

    def __call__(self, image: CheckedImage) -> Iterator[Remark]:
        """Give the left ones of pairs that lie exchanged."""
        if AxisPair.LEFT_RIGHT not in image.seen.told_axes:
            return
        for index, region in enumerate(image.regions):
            mirror = _right_one(region.concept, image.ontology)
            for other in image.seen.of_concepts([mirror] if mirror else []):
                if _to_the_right(image, index) > _to_the_right(image, other):
                    yield Remark(f"{region.concept} lies to the right of {mirror}", index)


def _right_one(name: str, ontology: Ontology) -> str | None:
    """The right one of a pair whose left one has a name; None for all other names."""
    if name not in ontology or ontology[name].side is not Side.LEFT:
        return None
    return ontology[name].mirror_of


def _to_the_right(image: CheckedImage, index: int) -> float:
    """The middle of a region along the patient's axis from left to right."""
    return float(image.seen.bounds[index, :, AxisPair.LEFT_RIGHT.value].mean())
