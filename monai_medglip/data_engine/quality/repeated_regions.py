# SPDX-License-Identifier: Apache-2.0
"""Regions that are drawn twice, or drawn once and called two things."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from monai_medglip.data_engine.quality.finding import Stage
from monai_medglip.data_engine.quality.image_check import CheckedImage, Remark
from monai_medglip.data_engine.record import Region
from monai_medglip.ontology import Ontology

__all__ = ["RepeatedRegions"]

SAME_SHARE = 0.95
"""Share that two regions have of each other from which on they are one drawing."""


class RepeatedRegions:
    """The same pixels or the same box twice: as a duplicate by one name, as a conflict by two that cannot both be."""

    name = "repeated regions"
    stage = Stage.REGIONS

    def __call__(self, image: CheckedImage) -> Iterator[Remark]:
        """Give the pairs that are one drawing."""
        for first, second in combinations(range(len(image.regions)), 2):
            one, other = image.regions[first], image.regions[second]
            if not _boxes_meet(one, other):
                continue
            is_conflict = one.concept != other.concept
            if is_conflict and _may_both_be(one.concept, other.concept, image.ontology):
                continue
            if _are_one(image, first, second):
                told = f"{one.concept} and {other.concept}" if is_conflict else f"{one.concept} twice"
                yield Remark(f"{told}: the same {'mask' if one.mask and other.mask else 'box'}", second)


def _boxes_meet(one: Region, other: Region) -> bool:
    """A cheap look before masks are compared."""
    dims = len(one.box) // 2
    return all(
        min(a_high, b_high) > max(a_low, b_low)
        for a_low, a_high, b_low, b_high in zip(
            one.box[:dims], one.box[dims:], other.box[:dims], other.box[dims:], strict=True
        )
    )


def _are_one(image: CheckedImage, first: int, second: int) -> bool:
    shares = (image.seen.share_inside(first, second), image.seen.share_inside(second, first))
    return min(shares) >= SAME_SHARE


def _may_both_be(one: str, other: str, ontology: Ontology) -> bool:
    """Whether one is a kind or a part of the other, or a thing found in it; unknown names may be anything."""
    if one not in ontology or other not in ontology:
        return True
    return other in _wider(one, ontology) or one in _wider(other, ontology)


def _wider(name: str, ontology: Ontology) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        concept = ontology[waiting.pop()]
        fresh = {*concept.is_a, *concept.part_of, *concept.located_in} - found
        found |= fresh
        waiting.extend(fresh)
    return found
