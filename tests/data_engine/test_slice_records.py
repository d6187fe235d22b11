# SPDX-License-Identifier: Apache-2.0
"""Slices of volumes: the right plane whatever the axes are, places in space, pieces, and none lost by the choice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_medglip.data_engine.instances import SMALLEST_COMPONENT
from monai_medglip.data_engine.label_rules import InstanceRule
from monai_medglip.data_engine.record import Region
from monai_medglip.data_engine.slice_records import AnatomicalPlane, SliceChoice, volume_slices
from monai_medglip.errors import DataError
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.modality import Modality
from monai_medglip.imaging.scan import ImageSource, Scan

SHAPE = (24, 20, 12)
ALL = frozenset(AxisPair)


def _scan(affine=None, known=ALL, spacing_known=True):
    affine = np.diag([1.0, 1.0, 2.0, 1.0]) if affine is None else affine
    pixels = np.random.default_rng(0).integers(0, 99, (1, *SHAPE)).astype(np.int16)
    source = ImageSource("scan.nii", tuple(f"1.2.{number}" for number in range(SHAPE[2])))
    return Scan(pixels, Frame(affine, SHAPE, known, spacing_known), Modality.CT, source)


def _region(*ranges, concept="lesion"):
    mask = np.zeros(SHAPE, bool)
    for block in ranges:
        mask[tuple(slice(low, high) for low, high in block)] = True
    coded = MaskRLE.encode(mask)
    return Region(concept, tuple(coded.box.tolist()), coded, attributes=(("reader", "Ann"),))


ORGAN = _region(((2, 12), (3, 13), (1, 9)), concept="organ")


def _slices(regions, choice, scan=None, **instances):
    return volume_slices(scan or _scan(), regions, instances, choice)


def test_a_slice_has_the_pixels_the_piece_and_what_was_told_of_the_region():
    slices = _slices([replace(ORGAN, drawn_box=(2, 3, 1, 12, 13, 9))], SliceChoice())
    assert [piece.name for piece in slices] == [f"axial_{number:03d}" for number in range(1, 9)]
    third = slices[2]
    assert np.array_equal(third.scan.array, _scan().array[:, :, :, 3])
    assert third.scan.source.sop_instance_uids == ("1.2.3",)
    (region,) = third.regions
    assert (region.concept, region.box, region.attributes) == ("organ", (2, 3, 12, 13), (("reader", "Ann"),))
    assert region.drawn_box is None
    assert np.array_equal(region.mask.decode(), ORGAN.mask.decode()[:, :, 3])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("plane", AnatomicalPlane)
def test_the_plane_is_that_of_the_patient_whatever_the_axes_of_the_array(order, plane):
    # Array axis k runs along the world axis order[k]; two of them backwards.
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) * [-1, 1, -1])[:, list(order)]
    axis = order.index(plane.across.value)
    slices = _slices([ORGAN], SliceChoice(plane), _scan(affine))
    assert len(slices) == ORGAN.mask.decode().any(axis=tuple(other for other in range(3) if other != axis)).sum()
    for piece in slices:
        number = int(piece.name.split("_")[1])
        kept = [other for other in range(3) if other != axis]
        corner = np.zeros(3)
        corner[axis] = number
        corner[kept] = [4, 7]
        there = piece.scan.frame.index_to_world(np.array([[4, 7]]))
        assert np.allclose(there, (affine @ [*corner, 1])[:3])
        assert piece.scan.frame.known_axes == ALL


def test_the_normal_of_an_oblique_slice_is_the_step_of_the_volume():
    turn = np.array([[0.96, 0.28, 0], [-0.28, 0.96, 0], [0, 0, 1.0]])
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * [0.8, 0.7, 2.5], [5, -3, 40]
    slices = _slices([ORGAN], SliceChoice(AnatomicalPlane.CORONAL), _scan(affine))
    frame = slices[0].scan.frame
    assert np.allclose(frame.affine[:3, 2], affine[:3, 1])
    assert np.allclose(frame.spacing_mm, (0.8, 2.5))


def test_a_component_may_fall_apart_and_an_organ_does_not():
    horseshoe = _region(((2, 8), (2, 8), (2, 5)), ((12, 18), (2, 8), (2, 5)), ((2, 18), (2, 8), (5, 6)))
    whole = _slices([horseshoe], SliceChoice(), lesion=InstanceRule.ONE)
    apart = _slices([horseshoe], SliceChoice(), lesion=InstanceRule.COMPONENTS)
    assert [len(piece.regions) for piece in whole] == [1, 1, 1, 1]
    assert [len(piece.regions) for piece in apart] == [2, 2, 2, 1]
    assert [region.box for region in apart[0].regions] == [(2, 2, 8, 8), (12, 2, 18, 8)]


def test_small_pieces_are_dropped_and_counted():
    cone = _region(((2, 8), (2, 8), (2, 3)), ((2, 4), (2, 4), (3, 4)))
    first, second = _slices([cone], SliceChoice(only_annotated=False))[2:4]
    assert (len(first.regions), first.dropped) == (1, 0)
    assert (len(second.regions), second.dropped) == (0, 1)
    assert SMALLEST_COMPONENT > 4
    assert len(_slices([cone], SliceChoice(smallest=4))) == 2


@pytest.mark.parametrize(("distance", "step"), [(None, 1), (1.0, 1), (2.0, 1), (2.1, 2), (5.0, 3)])
def test_slices_lie_at_least_the_distance_apart(distance, step):
    slices = _slices([ORGAN], SliceChoice(distance_mm=distance, only_annotated=False))
    numbers = [int(piece.name.split("_")[1]) for piece in slices]
    assert set(np.diff(numbers)) == {step}
    assert SHAPE[2] // 2 in numbers


def test_a_small_lesion_between_the_chosen_slices_brings_its_largest_one():
    lesion = _region(((2, 6), (2, 6), (1, 2)), ((2, 8), (2, 8), (2, 3)))
    slices = _slices([ORGAN, lesion], SliceChoice(distance_mm=6))
    assert [piece.name for piece in slices] == ["axial_002", "axial_003", "axial_006"]
    assert [region.concept for region in slices[0].regions] == ["organ", "lesion"]


def test_a_box_without_mask_is_cut():
    box = Region("nodule", (2.5, 3, 2.4, 10.5, 9, 5.6), None)
    slices = _slices([box], SliceChoice())
    assert [piece.name for piece in slices] == ["axial_002", "axial_003", "axial_004", "axial_005"]
    assert slices[0].regions[0].box == (2.5, 3, 10.5, 9)


def test_a_volume_whose_axes_are_not_known_has_no_planes():
    with pytest.raises(
        DataError, match=r"scan.nii: expected a volume whose orientation is known, to take axial slices"
    ):
        _slices([ORGAN], SliceChoice(), _scan(known=frozenset()))


def test_a_distance_needs_a_spacing():
    with pytest.raises(DataError, match=r"scan.nii: expected slices in millimeters"):
        _slices([ORGAN], SliceChoice(distance_mm=5), _scan(spacing_known=False))


def test_an_image_has_no_slices():
    scan = Scan(np.zeros((1, 5, 4)), Frame.pixel((5, 4)))
    with pytest.raises(DataError, match=r"expected a volume to take slices of, got an image of \(5, 4\)"):
        volume_slices(scan, [], {}, SliceChoice())
