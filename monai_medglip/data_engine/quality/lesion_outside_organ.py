# SPDX-License-Identifier: Apache-2.0
"""Findings that lie beside the organ in which they are said to be."""

from __future__ import annotations

from collections.abc import Iterator

from monai_medglip.data_engine.quality.finding import Stage
from monai_medglip.data_engine.quality.image_check import CheckedImage, Remark
from monai_medglip.ontology import Ontology
from monai_medglip.ontology.concept import Level

__all__ = ["LesionOutsideOrgan"]

LEAST_SHARE_INSIDE = 0.05
"""Share of a finding inside its organ below which it lies outside; masks of organs often leave the finding out, so
that bounds of both are compared."""

_LEVELS = (Level.FINDING, Level.LESION)


class LesionOutsideOrgan:
    """A finding whose organ is drawn in the image, and that hardly touches the organ's bounds."""

    name = "lesion outside organ"
    stage = Stage.ANATOMY

    def __call__(self, image: CheckedImage) -> Iterator[Remark]:
        """Give the findings that lie outside all their organs that are drawn."""
        names = [region.concept for region in image.regions]
        for index, name in enumerate(names):
            if name not in image.ontology or image.ontology[name].level not in _LEVELS:
                continue
            homes = _homes(name, image.ontology)
            organs = [other for other, drawn in enumerate(names) if other != index and drawn in homes]
            share = max((_share_of_bounds(image, index, organ) for organ in organs), default=1.0)
            if share < LEAST_SHARE_INSIDE:
                told = " and ".join(dict.fromkeys(names[organ] for organ in organs))
                yield Remark(f"{name}: {share:.0%} of it lies within the bounds of {told}", index)


def _homes(name: str, ontology: Ontology) -> frozenset[str]:
    """The anatomy that a finding lies in, with its kinds and parts."""
    found = {home for kind in (name, *ontology.ancestors(name)) for home in ontology[kind].located_in}
    found |= {kind for home in tuple(found) for kind in ontology.descendants(home)}
    return frozenset(found)


def _share_of_bounds(image: CheckedImage, inner: int, outer: int) -> float:
    """Share of one box that lies in another."""
    small, large = image.regions[inner].box, image.regions[outer].box
    share = 1.0
    for axis in range(len(small) // 2):
        low, high = small[axis], small[axis + len(small) // 2]
        common = min(high, large[axis + len(small) // 2]) - max(low, large[axis])
        share *= max(0.0, common) / (high - low)
    return share
