# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import numpy as np
import pytest

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import AxisPair, Frame

LEFT_RIGHT, POSTERIOR_ANTERIOR, INFERIOR_SUPERIOR = AxisPair
CHEST_FILM = np.array([[-0.2, 0, 0, 100], [0, 0, 1, 0], [0, -0.2, 0, 90], [0, 0, 0, 1.0]])


def test_a_png_knows_nothing_of_space():
    frame = Frame.pixel((640, 480))
    assert frame.spatial_dims == 2
    assert not frame.laterality_known
    assert not frame.orientation_known
    assert not frame.spacing_known
    assert frame.extent.tolist() == [0, 0, 640, 480]


def test_a_png_has_no_millimeters():
    with pytest.raises(GeometryError, match="a PNG or JPEG carries no spacing"):
        _ = Frame.pixel((640, 480)).spacing_mm


def test_spacing_is_the_length_of_the_columns():
    frame = Frame(CHEST_FILM, (1000, 900), spacing_known=True)
    assert frame.spacing_mm == pytest.approx((0.2, 0.2))


def test_a_chest_film_runs_along_left_right_and_inferior_superior():
    frame = Frame(CHEST_FILM, (1000, 900), frozenset({LEFT_RIGHT, INFERIOR_SUPERIOR}))
    assert frame.axes == (LEFT_RIGHT, INFERIOR_SUPERIOR)
    assert frame.orientation_known
    assert frame.laterality_known


def test_a_volume_without_left_and_right_has_no_full_orientation():
    frame = Frame(np.eye(4), (5, 5, 5), frozenset({POSTERIOR_ANTERIOR, INFERIOR_SUPERIOR}))
    assert not frame.laterality_known
    assert not frame.orientation_known


def test_columns_of_a_chest_film_count_toward_the_patients_left():
    frame = Frame(CHEST_FILM, (1000, 900))
    assert frame.index_to_world([[0, 0], [1, 0], [0, 1]]).tolist() == [[100, 0, 90], [99.8, 0, 90], [100, 0, 89.8]]


def test_the_first_voxel_reaches_half_a_voxel_to_either_side_of_the_origin():
    frame = Frame(np.diag([2.0, 2, 2, 1]), (3, 3, 3))
    assert frame.edge_to_world([[0, 0, 0], [1, 1, 1]]).tolist() == [[-1, -1, -1], [1, 1, 1]]
    assert frame.world_to_edge([[-1, -1, -1]]).tolist() == [[0, 0, 0]]


def test_a_point_beside_the_plane_falls_into_it_along_the_normal():
    assert Frame(CHEST_FILM, (9, 9)).world_to_index([[99.8, 17, 89.6]]) == pytest.approx(np.array([[1, 2]]))


@pytest.mark.parametrize("shape", [(5,), (5, 5, 5, 5), (5, 0), (5, -1), (5.5, 5), ()])
def test_a_grid_without_voxels_is_refused(shape):
    with pytest.raises(GeometryError, match=re.escape("must be (x, y) or (x, y, z) with at least one voxel each")):
        Frame(np.eye(4), shape)


def test_a_bare_plane_affine_is_refused():
    with pytest.raises(GeometryError, match=re.escape("must have shape (4, 4), got (3, 3)")):
        Frame(np.eye(3), (5, 5))


def test_axes_are_members_of_axis_pair():
    with pytest.raises(GeometryError, match="members of AxisPair"):
        Frame(np.eye(4), (5, 5), frozenset({"left_right"}))


def test_any_collection_of_axes_becomes_a_frozenset():
    assert Frame(np.eye(4), [5, 5], [LEFT_RIGHT]).known_axes == frozenset({LEFT_RIGHT})


def test_points_of_another_dimension_are_refused():
    with pytest.raises(GeometryError, match=re.escape("points must have shape (N, 2), got (1, 3)")):
        Frame.pixel((5, 5)).index_to_world([[1, 2, 3]])


def test_no_points_map_to_no_points():
    frame = Frame.pixel((5, 5))
    assert frame.index_to_world(np.zeros((0, 2))).shape == (0, 3)
    assert frame.world_to_index(np.zeros((0, 3))).shape == (0, 2)


def test_equality_forgives_the_rounding_of_a_header_and_nothing_more():
    frame = Frame(CHEST_FILM, (9, 9))
    assert frame == Frame(CHEST_FILM.astype(np.float32), (9, 9))
    assert frame != Frame(CHEST_FILM + np.eye(4) * [0.01, 0, 0, 0], (9, 9))
    assert frame != Frame(CHEST_FILM, (9, 8))
    assert frame != Frame(CHEST_FILM, (9, 9), frozenset({LEFT_RIGHT}))
    assert frame != Frame(CHEST_FILM, (9, 9), spacing_known=True)
    assert frame != CHEST_FILM.tolist()


def test_the_affine_is_a_copy_that_cannot_be_changed():
    affine = np.eye(4)
    frame = Frame(affine, (5, 5))
    affine[0, 0] = 7
    assert frame.affine[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        frame.affine[0, 0] = 7


def test_a_frame_in_json_names_its_axes():
    values = Frame(np.eye(4), (5, 6), frozenset({INFERIOR_SUPERIOR, LEFT_RIGHT}), True).to_dict()
    assert values["known_axes"] == ["left_right", "inferior_superior"]
    assert values["shape"] == [5, 6]
    assert values["spacing_known"] is True


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"known_axes": ["sideways"]}, "must be one of ['left_right'"),
        ({"affine": [[1]]}, "must have shape (4, 4)"),
        ({"shape": [0, 5]}, "at least one voxel"),
        ({"shape": 5}, "must be (x, y)"),
        ({"known_axes": None}, "known_axes"),
        ({"spacing_known": "no"}, "spacing_known must be true or false, got 'no'"),
    ],
)
def test_a_damaged_frame_in_json_is_refused(change, words):
    with pytest.raises(GeometryError, match=re.escape(words)):
        Frame.from_dict({**Frame.pixel((5, 5)).to_dict(), **change})


def test_a_frame_in_json_must_be_whole():
    with pytest.raises(GeometryError, match="needs affine, shape, known_axes and spacing_known, got"):
        Frame.from_dict({"affine": np.eye(4).tolist()})


def test_the_words_for_a_frame_say_what_is_known():
    assert repr(Frame.pixel((5, 6))) == "Frame(shape=(5, 6), spacing=unknown, known axes: none)"
    known = Frame(CHEST_FILM, (9, 9), frozenset({LEFT_RIGHT}), spacing_known=True)
    assert repr(known) == "Frame(shape=(9, 9), spacing=0.2 x 0.2 mm, known axes: left_right)"
