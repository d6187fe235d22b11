# SPDX-License-Identifier: Apache-2.0
"""Sorting the planes of a series into the volumes they belong to: orientations, sizes, echoes, phases, b-values.

Planes are parted by what no volume can mix: size, color, frame of reference, orientation, pixel spacing, stack.
Where several planes then lie at one position, the attributes are sought that tell complete volumes apart. Nothing is
parted to make an uneven stack look even: a gap stays a gap.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.readers.dicom_diffusion import b_value
from monai_medglip.readers.dicom_place import PlanePlace, place_of
from monai_medglip.readers.dicom_plane import ImagePlane
from monai_medglip.readers.dicom_stack import PlaneStack

__all__ = ["split_planes"]

SAME_DIRECTION = 1e-4
"""Most difference between the directions of two planes of one stack."""

SAME_SPACING = 1e-3
"""Most relative difference between the pixel spacings of two planes of one stack."""

_TELLING_ATTRIBUTES = (
    "TemporalPositionIndex",
    "TemporalPositionIdentifier",
    "EchoNumbers",
    "EchoTime",
    "EffectiveEchoTime",
    "DiffusionBValue",
    "DiffusionGradientOrientation",
    "DiffusionDirectionality",
    "InversionTime",
    "InversionTimes",
    "NominalCardiacTriggerDelayTime",
    "NominalPercentageOfCardiacPhase",
    "TriggerTime",
    "AcquisitionNumber",
    "FrameAcquisitionNumber",
    "ImageType",
    "FrameType",
    "ComplexImageComponent",
    "ConvolutionKernel",
    "KVP",
    "FlipAngle",
    "AcquisitionDateTime",
    "FrameAcquisitionDateTime",
    "AcquisitionTime",
    "ContentTime",
)
"""What may differ between volumes at one place; earlier ones are preferred where several tell the same."""

_TIMES = ("TriggerTime", "FrameAcquisitionDateTime", "AcquisitionDateTime", "AcquisitionTime", "ContentTime")
"""Times that pass from slice to slice; the volumes are then the first, second, ... at every position."""

_MOST_ATTRIBUTES_TOGETHER = 3

Placed = tuple[ImagePlane, PlanePlace]
Labels = list[Any]
Indices = npt.NDArray[np.int64]


def split_planes(planes: Sequence[ImagePlane]) -> list[PlaneStack | ImagePlane]:
    """Give the volumes of a series.

    Args:
        planes: grey or color, in the order of their files.

    Returns:
        Stacks, even or not, and planes that are pictures of their own: color, clips, without a whole place in the
        patient, or alone of their kind. In the order of their first planes, and by value of what tells them apart.
    """
    alone: list[ImagePlane] = []
    placed: list[Placed] = []
    for plane in planes:
        place = None if plane.instance.is_color else place_of(plane)
        if place is None:
            alone.append(plane)
        else:
            placed.append((plane, place))
    parts: list[PlaneStack | ImagePlane] = [
        stack.planes[0] if len(stack.planes) == 1 else stack
        for group in _parallel_groups(placed)
        for stack in _complete_stacks(group)
    ]
    return [*parts, *alone]


def _parallel_groups(placed: Sequence[Placed]) -> list[list[Placed]]:
    """Planes that share all that one grid must share."""
    groups: dict[Hashable, list[list[Placed]]] = {}
    for plane, place in placed:
        key = (plane.instance.shape, plane.text("FrameOfReferenceUID"), plane.text("StackID"))
        alike = groups.setdefault(key, [])
        home = next((group for group in alike if _is_parallel(group[0][1], place)), None)
        if home is None:
            alike.append([(plane, place)])
        else:
            home.append((plane, place))
    return [group for alike in groups.values() for group in alike]


def _is_parallel(first: PlanePlace, second: PlanePlace) -> bool:
    return bool(
        np.abs(first.directions - second.directions).max() <= SAME_DIRECTION
        and (np.abs(first.spacing - second.spacing) <= SAME_SPACING * second.spacing).all()
    )


def _complete_stacks(group: Sequence[Placed]) -> list[PlaneStack]:
    """One stack where no position occurs twice, else the stacks that attributes tell apart, else all in one."""
    whole = _stack(group)
    positions = whole.position_indices
    if np.bincount(positions).max() == 1:
        return [whole]
    in_order = list(zip(whole.planes, whole.places, strict=True))
    gapless, sparse = _by_attributes(in_order, positions)
    return gapless or _by_passing_time(in_order, positions) or sparse or [whole]


def _stack(group: Sequence[Placed], told_apart: str = "") -> PlaneStack:
    return PlaneStack.sorted([plane for plane, _ in group], [place for _, place in group], told_apart)


def _by_attributes(group: Sequence[Placed], positions: Indices) -> tuple[list[PlaneStack], list[PlaneStack]]:
    """The complete stacks that one attribute, or two or three together, tell apart.

    First the fewest even stacks of which none passes over a position: a time that drifts from slice to slice would make
    "volumes" of every seventh slice. Second, as many stacks as planes lie at one position, with the least gaps.
    """
    telling = _telling_attributes(group, most_parts=len(group) // min(2, int(positions[-1]) + 1))
    sparse: list[list[PlaneStack]] = []
    for together in range(1, _MOST_ATTRIBUTES_TOGETHER + 1):
        gapless: list[list[PlaneStack]] = []
        for keywords in itertools.combinations(telling, together):
            labels = list(zip(*(telling[keyword] for keyword in keywords), strict=True))
            covered = _positions_by_label(labels, positions)
            if not _are_complete(covered, positions):
                continue
            parts = _parted(group, keywords, labels)
            if all(np.ptp(found) < len(found) for found in covered) and not any(map(_is_uneven, parts)):
                gapless.append(parts)
            elif len(parts) == np.bincount(positions).max():
                sparse.append(parts)
        if gapless:
            return min(gapless, key=len), []
    return [], min(sparse, key=lambda parts: sum(map(_is_uneven, parts)), default=[])


def _telling_attributes(group: Sequence[Placed], most_parts: int) -> dict[str, Labels]:
    """The labels of the planes by attribute, of those that part the group into volumes; no two in the same way."""
    telling: dict[str, Labels] = {}
    seen = set()
    for keyword in _TELLING_ATTRIBUTES:
        labels = _labels(keyword, group)
        first = {label: number for number, label in reversed(list(enumerate(labels)))}
        pattern = tuple(first[label] for label in labels)
        if 1 < len(first) <= most_parts and pattern not in seen:
            seen.add(pattern)
            telling[keyword] = labels
    return telling


def _positions_by_label(labels: Labels, positions: Indices) -> list[list[int]]:
    covered: dict[Any, list[int]] = {}
    for label, position in zip(labels, positions.tolist(), strict=True):
        covered.setdefault(label, []).append(position)
    return list(covered.values())


def _are_complete(covered: Sequence[list[int]], positions: Indices) -> bool:
    """Whether no position occurs twice under a label, and no label is a lone plane's beside many positions."""
    least = min(2, int(positions[-1]) + 1)
    return all(len(found) >= least and len(set(found)) == len(found) for found in covered)


def _labels(keyword: str, group: Sequence[Placed]) -> Labels:
    if keyword == "DiffusionBValue":
        return [b_value(plane) for plane, _ in group]
    return [plane.text(keyword) for plane, _ in group]


def _parted(group: Sequence[Placed], keywords: Sequence[str], labels: Labels) -> list[PlaneStack]:
    members: dict[tuple[Any, ...], list[Placed]] = {}
    for label, item in zip(labels, group, strict=True):
        members.setdefault(label, []).append(item)
    words = {
        label: ", ".join(f"{keyword} {value or 'none'}" for keyword, value in zip(keywords, label, strict=True))
        for label in members
    }
    return [_stack(members[label], words[label]) for label in sorted(members, key=_by_number)]


def _by_number(label: tuple[Any, ...]) -> list[tuple[bool, float, str]]:
    """Sort numbers by value and before words."""
    keys = []
    for value in label:
        try:
            keys.append((False, float(str(value)), ""))
        except ValueError:
            keys.append((bool(value), 0.0, str(value)))
    return keys


def _is_uneven(stack: PlaneStack) -> bool:
    return len(stack.planes) > 1 and bool(stack.irregularities())


def _by_passing_time(group: Sequence[Placed], positions: Indices) -> list[PlaneStack]:
    """The first, second, ... plane in time at every position, where each position has as many of them; else nothing."""
    copies = np.bincount(positions)
    if len(set(copies)) != 1:
        return []
    for keyword in _TIMES:
        rank = _ranks([plane.text(keyword) for plane, _ in group], positions, int(copies[0]))
        if rank is not None:
            return _parted(group, [f"{keyword} in order, number"], rank)
    rank = _blocks(group, positions, int(copies[0]))
    return [] if rank is None else _parted(group, ["InstanceNumber in blocks, number"], rank)


def _ranks(times: Sequence[str], positions: Indices, copies: int) -> Labels | None:
    """Each plane's number in time among those at its position, None where times are missing or equal."""
    try:
        values = np.array(times, dtype=np.float64)
    except ValueError:
        return None
    if len(set(zip(positions.tolist(), times, strict=True))) < len(times):
        return None
    rank = np.empty(len(times), dtype=np.int64)
    rank[np.lexsort([values, positions])] = np.tile(np.arange(copies), len(times) // copies)
    return [(int(number) + 1,) for number in rank]


def _blocks(group: Sequence[Placed], positions: Indices, copies: int) -> Labels | None:
    """Volumes numbered one after the other: each block of instance and frame numbers covers all positions."""
    size = len(group) // copies
    numbers = [(float(plane.text("InstanceNumber") or "nan"), plane.frame_number) for plane, _ in group]
    if np.isnan(numbers).any() or len(set(numbers)) < len(group):
        return None
    order = sorted(range(len(group)), key=numbers.__getitem__)
    if any(len(set(positions[order[start : start + size]])) < size for start in range(0, len(group), size)):
        return None
    rank: Labels = [()] * len(group)
    for place, index in enumerate(order):
        rank[index] = (place // size + 1,)
    return rank
