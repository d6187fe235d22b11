# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import json
from itertools import permutations, product

import numpy as np
import pytest

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import AxisPair, Frame
from monai_medglip.grounding import Grounding, to_slicer_markups, write_slicer_markups
from tests.grounding_phantoms import chest, oblique_frame


def corners(roi):
    """The corners of a ROI as Slicer makes them: center + orientation @ (+-size / 2), in LPS."""
    orientation = np.array(roi["orientation"]).reshape(3, 3)
    signs = np.array(list(product((-0.5, 0.5), repeat=3)))
    return np.array(roi["center"]) + (signs * roi["size"]) @ orientation.T


def as_set(points):
    return {tuple(point) for point in np.round(points, 6) + 0.0}


def test_each_region_is_a_roi_named_by_phrase_and_score():
    markups = to_slicer_markups(chest(oblique_frame()))["markups"]
    assert [markup["name"] for markup in markups] == ["left lung 0.90", "left lung 0.40", "heart 0.75"]
    assert {(markup["type"], markup["roiType"], markup["coordinateSystem"]) for markup in markups} == {
        ("ROI", "Box", "LPS")
    }


def test_the_corners_are_those_of_the_voxel_edges_in_lps():
    grounding = chest(oblique_frame())
    edges = np.array(list(product((12, 26), (14, 26), (2, 6)))) - 0.5
    ras = edges @ grounding.frame.affine[:3, :3].T + grounding.frame.affine[:3, 3]
    assert as_set(corners(to_slicer_markups(grounding)["markups"][2])) == as_set(ras * [-1, -1, 1])


def stored(order, signs):
    """The oblique phantom in another order and direction of array axes."""
    original, step = chest(oblique_frame()), np.diag([*signs, 1.0])
    shape = original.frame.shape
    step[:3, 3] = [0 if sign > 0 else size - 1 for sign, size in zip(signs, shape, strict=True)]
    affine = original.frame.affine @ step
    affine[:, :3] = affine[:, list(order)]
    frame = Frame(affine, tuple(shape[axis] for axis in order), original.frame.known_axes, spacing_known=True)
    return original.boxes.to_frame(frame)


def inside_roi(roi, lps):
    """Whether points lie in a ROI, by Slicer's rule: in the ROI's axes, at most half its size from its center."""
    assert roi["coordinateSystem"] == "LPS"
    axes = np.array(roi["orientation"]).reshape(3, 3)  # columns are the axes
    along = (lps - np.array(roi["center"])) @ axes
    return (np.abs(along) <= np.array(roi["size"]) / 2).all(axis=1)


@pytest.mark.parametrize(("order", "signs"), list(product(permutations(range(3)), product((1, -1), repeat=3))))
def test_a_box_opens_at_the_same_place_however_the_volume_is_stored(tmp_path, order, signs):
    boxes = stored(order, signs)
    whole = chest(oblique_frame())
    turned = dataclasses.replace(whole, boxes=boxes, instance_masks=(), phrase_masks=())
    write_slicer_markups(tmp_path / "boxes.mrk.json", turned)
    roi = json.loads((tmp_path / "boxes.mrk.json").read_text(encoding="utf-8"))["markups"][2]
    voxels = np.argwhere(np.ones(whole.frame.shape))
    lps = (voxels @ whole.frame.affine[:3, :3].T + whole.frame.affine[:3, 3]) * [-1, -1, 1]
    is_in_box = (voxels >= [12, 14, 2]).all(axis=1) & (voxels < [26, 26, 6]).all(axis=1)
    assert np.array_equal(inside_roi(roi, lps), is_in_box)
    assert np.linalg.det(np.array(roi["orientation"]).reshape(3, 3)) == pytest.approx(1)


def test_the_orientation_is_a_rotation():
    orientation = np.array(to_slicer_markups(chest(oblique_frame()))["markups"][0]["orientation"]).reshape(3, 3)
    assert np.allclose(orientation @ orientation.T, np.eye(3))
    assert np.linalg.det(orientation) == pytest.approx(1)


def test_a_2d_image_in_space_gives_flat_boxes():
    affine = np.array([[0, 0, 1, 5], [-0.7, 0, 0, 20], [0, -0.7, 0, 30], [0, 0, 0, 1.0]])
    frame = Frame(affine, (40, 30), frozenset(AxisPair), spacing_known=True)
    roi = to_slicer_markups(chest(frame))["markups"][0]
    assert roi["size"] == pytest.approx([14 * 0.7, 24 * 0.7, 0])
    assert np.allclose(corners(roi)[:, 0], -5)


def test_an_image_without_millimeters_is_refused_with_another_way():
    with pytest.raises(GeometryError, match=r"known voxel spacing.*write_json"):
        to_slicer_markups(chest())


def test_an_image_without_directions_is_refused():
    frame = Frame(oblique_frame().affine, (40, 30, 8), spacing_known=True)
    with pytest.raises(GeometryError, match=r"left_right.* not known"):
        to_slicer_markups(chest(frame))


def test_a_sheared_grid_is_refused():
    affine = np.eye(4)
    affine[0, 2] = 0.3
    frame = Frame(affine, (40, 30, 8), frozenset(AxisPair), spacing_known=True)
    with pytest.raises(GeometryError, match="right angles"):
        to_slicer_markups(chest(frame))


def test_the_file_is_json_and_may_be_empty(tmp_path):
    write_slicer_markups(tmp_path / "boxes.mrk.json", Grounding.empty(oblique_frame()))
    document = json.loads((tmp_path / "boxes.mrk.json").read_text(encoding="utf-8"))
    assert document["markups"] == []
    assert document["@schema"].endswith("markups-schema-v1.0.3.json#")
