# SPDX-License-Identifier: Apache-2.0
"""Slices of a volume as 2D images with the regions that they cut; nothing is resampled, slices are array planes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.instances import SMALLEST_COMPONENT, components
from monai_medglip.data_engine.label_rules import InstanceRule
from monai_medglip.data_engine.record import Region
from monai_medglip.errors import DataError, GeometryError
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan
from monai_medglip.readers.single_slice import kept_axes_first

__all__ = ["AnatomicalPlane", "SliceChoice", "VolumeSlice", "volume_plane", "volume_slices"]


class AnatomicalPlane(str, Enum):
    """The planes that slices are named by; of an oblique volume, the one that its array planes are nearest to."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"

    @property
    def across(self) -> AxisPair:
        """The patient's axis from slice to slice."""
        return {
            AnatomicalPlane.AXIAL: AxisPair.INFERIOR_SUPERIOR,
            AnatomicalPlane.CORONAL: AxisPair.POSTERIOR_ANTERIOR,
            AnatomicalPlane.SAGITTAL: AxisPair.LEFT_RIGHT,
        }[self]


@dataclass(frozen=True)
class SliceChoice:
    """Which slices of a volume become images.

    Args:
        plane: along which plane.
        distance_mm: least distance of neighboring slices; None, or less than the spacing, takes all.
        only_annotated: whether slices without any region are left out.
        smallest: pixels that a piece of a region needs; smaller ones are dropped and counted.
    """

    plane: AnatomicalPlane = AnatomicalPlane.AXIAL
    distance_mm: float | None = None
    only_annotated: bool = True
    smallest: int = SMALLEST_COMPONENT


@dataclass(frozen=True, eq=False)
class VolumeSlice:
    """One slice as an image.

    Args:
        name: plane and number, such as ``axial_012``; unique in the volume.
        scan: the pixels (C, x, y) with their plane in space.
        regions: what the slice cuts.
        dropped: how many pieces were too small.
    """

    name: str
    scan: Scan
    regions: tuple[Region, ...]
    dropped: int


def volume_slices(
    scan: Scan, regions: Sequence[Region], instances: Mapping[str, InstanceRule], choice: SliceChoice
) -> tuple[VolumeSlice, ...]:
    """Give slices of a volume as images.

    A region whose label is counted by components may fall apart in a slice, each piece is one region there; of others
    the whole cut is one. A region that none of the evenly spaced slices cuts in a piece that is large enough brings the
    slice in which it is largest, if it is large enough there.

    Args:
        scan: the volume, whose orientation must be known.
        regions: its regions; of one without mask, the box is cut.
        instances: how each label's pixels become instances.
        choice: which slices.

    Returns:
        The slices in the order of the array.

    Raises:
        DataError: when the scan is no volume or its orientation is not known, or its spacing where a distance is asked
            for.
    """
    axis = _axis(scan, choice.plane)
    count = scan.spatial_shape[axis]
    areas = np.array([_areas(region, axis, count) for region in regions]).reshape(len(regions), count)
    chosen = _chosen(areas, _step(scan, axis, choice), choice)
    pieces: dict[int, list[Region]] = {index: [] for index in chosen}
    dropped = dict.fromkeys(chosen, 0)
    for region, area in zip(regions, areas, strict=True):
        touched = [index for index in chosen if area[index]]
        found = _cuts(region, axis, touched, instances.get(region.concept, InstanceRule.ONE))
        for index, cut in found:
            if _size(cut) < choice.smallest:
                dropped[index] += 1
            else:
                pieces[index].append(cut)
    return tuple(
        VolumeSlice(
            f"{choice.plane.value}_{index:03d}", volume_plane(scan, axis, index), tuple(pieces[index]), dropped[index]
        )
        for index in chosen
        if pieces[index] or not choice.only_annotated
    )


def _axis(scan: Scan, plane: AnatomicalPlane) -> int:
    name = scan.source.path or "the scan"
    if scan.spatial_dims != 3:
        raise DataError(f"{name}: expected a volume to take slices of, got an image of {scan.spatial_shape}")
    if not scan.frame.orientation_known:
        raise DataError(
            f"{name}: expected a volume whose orientation is known, to take {plane.value} slices; it is not"
        )
    return scan.frame.axes.index(plane.across)


def _step(scan: Scan, axis: int, choice: SliceChoice) -> int:
    if choice.distance_mm is None:
        return 1
    try:
        spacing = scan.frame.spacing_mm[axis]
    except GeometryError as problem:
        raise DataError(f"{scan.source.path or 'the scan'}: expected slices in millimeters: {problem}") from problem
    return max(1, int(np.ceil(choice.distance_mm / spacing - 1e-6)))


def _areas(region: Region, axis: int, count: int) -> npt.NDArray[np.int64]:
    """Give how many pixels of a region each slice has; of a box without mask, the pixels that it covers."""
    others = tuple(other for other in range(3) if other != axis)
    if region.mask is not None:
        counts: npt.NDArray[np.int64] = np.count_nonzero(region.mask.decode(), axis=others)
        return counts
    low, high = region.box[axis], region.box[axis + 3]
    middles = np.arange(count) + 0.5
    area = int(np.prod([region.box[other + 3] - region.box[other] for other in others]))
    covered: npt.NDArray[np.int64] = np.where((middles >= low) & (middles < high), area, 0)
    return covered


def _chosen(areas: npt.NDArray[np.int64], step: int, choice: SliceChoice) -> list[int]:
    count = areas.shape[1]
    even = np.zeros(count, bool)
    even[(count // 2) % step :: step] = True
    for area in areas:
        if not (area[even] >= choice.smallest).any() and area.max(initial=0) >= choice.smallest:
            even[area.argmax()] = True
    return [int(index) for index in np.flatnonzero(even)]


def _cuts(region: Region, axis: int, indices: Sequence[int], rule: InstanceRule) -> Iterator[tuple[int, Region]]:
    """Give the pieces of a region in some slices; a box that was drawn round all of it is that of no piece."""
    whole = replace(region, drawn_box=None)
    if region.mask is None:
        edges = tuple(edge for place, edge in enumerate(region.box) if place % 3 != axis)
        yield from ((index, replace(whole, box=edges)) for index in indices)
        return
    mask = region.mask.decode()
    for index in indices:
        plane = np.take(mask, index, axis=axis)
        if rule is InstanceRule.COMPONENTS:
            yield from ((index, replace(whole, mask=part, box=box)) for part, box in components(plane))
        else:
            part = MaskRLE.encode(plane)
            yield index, replace(whole, mask=part, box=tuple(part.box.tolist()))


def _size(region: Region) -> float:
    """Give a 2D region's pixels."""
    if region.mask is not None:
        return region.mask.area
    return (region.box[2] - region.box[0]) * (region.box[3] - region.box[1])


def volume_plane(scan: Scan, axis: int, index: int) -> Scan:
    """Give one slice of a volume as an image, with its plane in space.

    Args:
        scan: the volume.
        axis: the array axis that the slice stands across, 0 to 2.
        index: its number along that axis.
    """
    kept = tuple(other for other in range(3) if other != axis)
    affine = kept_axes_first(scan.frame.affine, kept)
    affine[:3, 3] += scan.frame.affine[:3, axis] * index
    shape = tuple(scan.spatial_shape[other] for other in kept)
    frame = Frame(affine, shape, scan.frame.known_axes, scan.frame.spacing_known)
    source = scan.source
    # Instances and frames lie along the last axis; a slice across them is of none.
    uids = source.sop_instance_uids[index : index + 1] if axis == 2 else ()
    frames = source.frame_numbers[index : index + 1] if axis == 2 else ()
    return replace(
        scan,
        array=np.take(scan.array, index, axis=axis + 1),
        frame=frame,
        source=replace(source, sop_instance_uids=uids, frame_numbers=frames),
    )
