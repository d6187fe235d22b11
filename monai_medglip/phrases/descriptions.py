# SPDX-License-Identifier: Apache-2.0
"""What can be said of a region besides its name: size, rank, place in a structure, relation to a landmark.

A description is words and the regions of which they are true, so that a phrase made of it has all its regions. Nothing
is said of a direction that the frame does not know, nor in millimeters without a known spacing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from monai_medglip.geometry.frames import AxisPair
from monai_medglip.ontology import Ontology
from monai_medglip.ontology.concept import Level, Side
from monai_medglip.phrases.seen_region import SeenRegions

__all__ = ["Description", "DescriptionKind", "describe"]

LEAST_SHARE_INSIDE = 0.75
"""Share of a region that lies in a structure of which it is said to be inside."""
CLEARLY_LARGER = 1.25
"""How many times the volume of the next one a region must have to be called the largest."""
ROUNDED_ABOVE_MM = 100.0
"""Sizes from here on are told in steps of `COARSE_STEP_MM` [mm]."""
COARSE_STEP_MM = 5.0

_WORDS = {
    AxisPair.LEFT_RIGHT: ("left", "right"),
    AxisPair.POSTERIOR_ANTERIOR: ("posterior", "anterior"),
    AxisPair.INFERIOR_SUPERIOR: ("lower", "upper"),
}
_RELATIONS = {
    AxisPair.LEFT_RIGHT: ("to the left of", "to the right of"),
    AxisPair.POSTERIOR_ANTERIOR: ("posterior to", "anterior to"),
    AxisPair.INFERIOR_SUPERIOR: ("below", "above"),
}
# As one says them: "upper anterior part of the left lung".
_SPOKEN_ORDER = (AxisPair.INFERIOR_SUPERIOR, AxisPair.POSTERIOR_ANTERIOR, AxisPair.LEFT_RIGHT)


class DescriptionKind(str, Enum):
    """What a description speaks of."""

    SIZE = "size"
    RANK = "rank"
    INSIDE = "inside"
    PART = "part"
    RELATION = "relation"


@dataclass(frozen=True)
class Description:
    """Words about a region.

    Attributes:
        kind: what they speak of.
        before: words in front of the name ("12 mm"), or "".
        after: words behind it ("in the left upper lobe"), or "".
        regions: positions of all regions of the same concept of which they are true, the one described among them.
    """

    kind: DescriptionKind
    before: str
    after: str
    regions: tuple[int, ...]


def describe(seen: SeenRegions, index: int, ontology: Ontology) -> tuple[Description, ...]:
    """Give all descriptions of one region, in an order that depends on the regions alone.

    Args:
        seen: the regions of an image.
        index: of the region.
        ontology: says which structures can hold which things.
    """
    peers = seen.of_concepts([seen.regions[index].concept])
    found = [*_size(seen, index, peers), *_rank(seen, index, peers)]
    found += _places(seen, index, peers, ontology)
    found += _relations(seen, index, peers, ontology)
    return tuple(found)


def _size(seen: SeenRegions, index: int, peers: tuple[int, ...]) -> Iterator[Description]:
    if seen.frame.spacing_known:
        words = {peer: _millimeters(seen, peer) for peer in peers}
        true_of = tuple(peer for peer in peers if words[peer] == words[index])
        yield Description(DescriptionKind.SIZE, words[index], "", true_of)


def _millimeters(seen: SeenRegions, index: int) -> str:
    """The longest side of a region's bounds in the patient, rounded as people do."""
    longest = float(np.max(seen.bounds[index, 1] - seen.bounds[index, 0]))
    step = COARSE_STEP_MM if longest >= ROUNDED_ABOVE_MM else 1.0
    return f"{max(step, round(longest / step) * step):.0f} mm"


def _rank(seen: SeenRegions, index: int, peers: tuple[int, ...]) -> Iterator[Description]:
    sizes = {peer: float(np.prod(_edges(seen, peer))) for peer in peers}
    others = [size for peer, size in sizes.items() if peer != index]
    if others and sizes[index] >= CLEARLY_LARGER * max(others):
        yield Description(DescriptionKind.RANK, "largest", "", (index,))
    if others and sizes[index] * CLEARLY_LARGER <= min(others):
        yield Description(DescriptionKind.RANK, "smallest", "", (index,))


def _edges(seen: SeenRegions, index: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    low, high = np.asarray(seen.regions[index].box).reshape(2, -1)
    edges: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = high - low
    return edges


def _places(seen: SeenRegions, index: int, peers: tuple[int, ...], ontology: Ontology) -> Iterator[Description]:
    """In which structure of the image a region lies, and in which part of it."""
    for holder in _holders(seen, index, ontology):
        inside = [peer for peer in peers if peer != holder and seen.share_inside(peer, holder) >= LEAST_SHARE_INSIDE]
        name = seen.regions[holder].concept
        yield Description(DescriptionKind.INSIDE, "", f"in the {name}", tuple(inside))
        part = _part(seen, index, holder, ontology)
        if part:
            true_of = tuple(peer for peer in inside if _part(seen, peer, holder, ontology) == part)
            yield Description(DescriptionKind.PART, "", f"in the {part} part of the {name}", true_of)


def _holders(seen: SeenRegions, index: int, ontology: Ontology) -> list[int]:
    """Structures, each the only one of its concept, that hold a region and may do so by the ontology."""
    own = seen.regions[index].concept
    return [
        other
        for other, region in enumerate(seen.regions)
        if other != index
        and _is_only_one(seen, other)
        and _may_hold(region.concept, own, ontology)
        and seen.share_inside(index, other) >= LEAST_SHARE_INSIDE
    ]


def _may_hold(holder: str, thing: str, ontology: Ontology) -> bool:
    """Whether a thing, or what it is, lies in or is part of the holder or of what the holder is or is part of."""
    if holder not in ontology or thing not in ontology or holder == thing:
        return False
    homes = {
        home
        for name in (thing, *ontology.ancestors(thing))
        for home in (*ontology[name].located_in, *ontology[name].part_of)
    }
    wider, waiting = {holder}, [holder]
    while waiting:
        concept = ontology[waiting.pop()]
        fresh = {*concept.is_a, *concept.part_of} - wider
        wider |= fresh
        waiting.extend(fresh)
    return not homes.isdisjoint(wider)


def _part(seen: SeenRegions, index: int, holder: int, ontology: Ontology) -> str:
    """Which outer thirds of a structure the middle of a region lies in, as words; "" in the middle of it."""
    low, high = seen.bounds[holder]
    middle = seen.bounds[index].mean(axis=0)
    words = []
    for axis in (axis for axis in _SPOKEN_ORDER if axis in seen.told_axes):
        place = (middle[axis.value] - low[axis.value]) / (high[axis.value] - low[axis.value])
        if not 1 / 3 <= place <= 2 / 3:
            words.append(_end_word(axis, bool(place > 0.5), seen.regions[holder].concept, ontology))
    return " ".join(words)


def _end_word(axis: AxisPair, is_high: bool, holder: str, ontology: Ontology) -> str:
    """The word for one end of an axis; of a paired structure the sides are its medial and lateral ones."""
    side = ontology[holder].side if holder in ontology else Side.NONE
    if axis is AxisPair.LEFT_RIGHT and side in (Side.LEFT, Side.RIGHT):
        return "lateral" if is_high == (side is Side.RIGHT) else "medial"
    return _WORDS[axis][is_high]


def _relations(seen: SeenRegions, index: int, peers: tuple[int, ...], ontology: Ontology) -> Iterator[Description]:
    """On which side of a landmark a region lies wholly."""
    for landmark, region in enumerate(seen.regions):
        if landmark == index or not _is_only_one(seen, landmark) or not _is_landmark(region.concept, ontology):
            continue
        words = _relation(seen, index, landmark)
        if words:
            true_of = tuple(peer for peer in peers if peer != landmark and _relation(seen, peer, landmark) == words)
            yield Description(DescriptionKind.RELATION, "", f"{words} the {region.concept}", true_of)


def _is_only_one(seen: SeenRegions, index: int) -> bool:
    return len(seen.of_concepts([seen.regions[index].concept])) == 1


def _is_landmark(name: str, ontology: Ontology) -> bool:
    """Whether a concept is anatomy without a side: findings move, and of a pair one would have to say which."""
    if name not in ontology or ontology[name].side is not Side.NONE:
        return False
    return ontology[name].level in (Level.ORGAN, Level.STRUCTURE)


def _relation(seen: SeenRegions, index: int, landmark: int) -> str:
    """The direction along which two regions lie furthest apart, if they do so without overlap; "" if they overlap."""
    (low, high), (other_low, other_high) = seen.bounds[index], seen.bounds[landmark]
    gaps = {
        (axis, is_high): float(gap)
        for axis in seen.told_axes
        for is_high, gap in (
            (False, other_low[axis.value] - high[axis.value]),
            (True, low[axis.value] - other_high[axis.value]),
        )
    }
    best = max(gaps, key=lambda key: gaps[key], default=None)
    return "" if best is None or gaps[best] < 0 else _RELATIONS[best[0]][best[1]]
