# SPDX-License-Identifier: Apache-2.0
"""RTSTRUCT on oblique series: pixel for pixel what matplotlib finds inside of the contours."""

from __future__ import annotations

import nibabel
import numpy as np
import pydicom
import pytest
from matplotlib.path import Path as Outline

from monai_medglip.errors import DataError
from tests.data_engine.adapters.dicom_phantom import (
    COLUMNS,
    FRAME,
    ROWS,
    SERIES,
    SLICES,
    inside,
    write_series,
    write_structures,
)
from tests.data_engine.adapters.reading import read_layout

LAYOUT = {"reader": "dicom", "images": "{patient}/ct", "annotations": "{patient}/rt/*.dcm"}


def _blob(center, radius, seed, count=37):
    """A bumpy closed contour (N, 2) whose points lie between pixels."""
    random = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    radii = radius * (1 + 0.25 * np.sin(3 * angles) + 0.1 * random.random(count))
    return np.stack([center[0] + radii * np.cos(angles), center[1] + radii * np.sin(angles)], axis=1) + 0.01234


def _masks(root, **words):
    ((_, drawn),) = read_layout(root, {**LAYOUT, **words}).values()
    return {annotation.value: annotation.mask.decode() for annotation in drawn}


def _write(root, regions, **options):
    write_series(root / "P1" / "ct")
    write_structures(root / "P1" / "rt" / "1.dcm", regions, **options)
    return root


def _volume(by_slice):
    truth = np.zeros((COLUMNS, ROWS, SLICES), bool)
    for number, mask in by_slice.items():
        truth[:, :, number] ^= mask
    return truth


def test_contours_on_an_oblique_series_are_those_of_matplotlib(tmp_path):
    gtv = [(number, _blob((13 + number, 10), 4 + number, number)) for number in (1, 2, 3)]
    lung = [(number, _blob((18, 13), 9, 50 + number, 211)) for number in range(SLICES)]
    masks = _masks(_write(tmp_path, {"GTV-1": gtv, "Lung": lung}))
    assert list(masks) == ["GTV-1", "Lung"]
    assert np.array_equal(masks["GTV-1"], _volume({number: inside(points) for number, points in gtv}))
    assert np.array_equal(masks["Lung"], _volume({number: inside(points) for number, points in lung}))
    assert masks["GTV-1"].sum() > 300


def test_a_contour_in_another_one_is_a_hole(tmp_path):
    outer, hole, island = _blob((14, 11), 8, 1), _blob((14, 11), 4, 2), _blob((14, 11), 1.5, 3)
    (mask,) = _masks(_write(tmp_path, {"wall": [(2, outer), (2, hole), (2, island)]})).values()
    truth = inside(outer) & ~(inside(hole) & ~inside(island))
    assert np.array_equal(mask[:, :, 2], truth)
    assert not mask[14, 11, 2] or inside(island)[14, 11]


def test_a_keyhole_leaves_out_what_it_goes_round(tmp_path):
    outer, hole = _blob((14, 11), 8, 1), _blob((14, 11), 4, 2)[::-1]
    keyhole = np.concatenate([outer, outer[:1], hole, hole[:1]])
    (mask,) = _masks(_write(tmp_path, {"wall": [(2, keyhole)]})).values()
    assert np.array_equal(mask[:, :, 2], inside(outer) & ~inside(hole))


def test_two_contours_on_a_slice_are_two_parts(tmp_path):
    left, right = _blob((7, 11), 4, 1), _blob((22, 12), 3, 2)
    (mask,) = _masks(_write(tmp_path, {"kidneys": [(0, left), (0, right)]})).values()
    assert np.array_equal(mask[:, :, 0], inside(left) | inside(right))


def test_contours_that_leave_the_image_are_cut_off(tmp_path):
    big = _blob((2, 3), 9, 1)
    (mask,) = _masks(_write(tmp_path, {"body": [(1, big)]})).values()
    assert np.array_equal(mask[:, :, 1], inside(big))


def test_neighbors_with_a_common_edge_share_no_pixel_and_leave_none_out(tmp_path):
    # The edge runs through the middles of pixels, where "inside" is a matter of convention.
    left = np.array([[2, 3], [14, 3], [14, 15], [2, 15]], float)
    right = np.array([[14, 3], [26, 3], [26, 15], [14, 15]], float)
    masks = _masks(_write(tmp_path, {"left": [(1, left)], "right": [(1, right)]}))
    assert not (masks["left"] & masks["right"]).any()
    assert (masks["left"] | masks["right"])[3:26, 4:15, 1].all()


def test_slices_are_found_by_place_where_instances_are_not_named(tmp_path):
    points = _blob((14, 11), 6, 4)
    (mask,) = _masks(_write(tmp_path, {"gtv": [(4, points)]}, with_instances=False)).values()
    assert np.array_equal(mask[:, :, 4], inside(points))


def test_points_and_open_lines_enclose_nothing(tmp_path):
    root = _write(tmp_path, {"isocenter": [(2, _blob((14, 11), 6, 4))]}, kind="OPEN_PLANAR")
    assert _masks(root) == {}


def test_a_structure_set_of_another_series_is_refused_with_both_names(tmp_path):
    root = _write(tmp_path, {"gtv": [(1, _blob((14, 11), 6, 4))]}, series="1.2.3", frame="1.2.4")
    with pytest.raises(
        DataError, match=rf"drawn on the series {SERIES} .*refers to the series 1.2.3 in the frame .*1.2.4"
    ):
        _masks(root)


def test_a_structure_set_whose_uids_were_replaced_is_taken_by_place_only_when_asked_for(tmp_path):
    points = _blob((14, 11), 6, 4)
    root = _write(tmp_path, {"gtv": [(1, points)]}, series="1.2.3", frame=FRAME)
    with pytest.raises(DataError, match=r"refers to the series 1\.2\.3"):
        _masks(root)
    assert np.array_equal(_masks(root, by_position=True)["gtv"][:, :, 1], inside(points))


def test_a_contour_outside_of_the_slices_is_refused(tmp_path):
    root = _write(tmp_path, {"gtv": [(SLICES + 2, _blob((14, 11), 6, 4))]})
    with pytest.raises(DataError, match=r"1.dcm, 'gtv', contour 1: expected a place inside the 6 slices .* slice 8.00"):
        _masks(root)


def test_a_contour_between_two_slices_is_refused(tmp_path):
    root = _write(tmp_path, {"gtv": [(1.5, _blob((14, 11), 6, 4))]}, with_instances=False)
    with pytest.raises(DataError, match=r"contour 1: expected a place in a slice of the series, got 1.50, between two"):
        _masks(root)


def test_a_reference_to_another_slice_than_the_place_is_refused(tmp_path):
    root = _write(tmp_path, {"gtv": [(1, _blob((14, 11), 6, 4))]})
    path = root / "P1" / "rt" / "1.dcm"
    dataset = pydicom.dcmread(path)
    image = dataset.ROIContourSequence[0].ContourSequence[0].ContourImageSequence[0]
    image.ReferencedSOPInstanceUID = f"{SERIES}.4"
    dataset.save_as(path)
    with pytest.raises(DataError, match=r"its reference says slice 3 and its place slice 1.00"):
        _masks(root)


def test_a_contour_across_the_slices_is_refused(tmp_path):
    root = _write(tmp_path, {"gtv": [(1, _blob((14, 11), 6, 4))]})
    path = root / "P1" / "rt" / "1.dcm"
    dataset = pydicom.dcmread(path)
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    places = np.array(contour.ContourData, float).reshape(-1, 3)
    contour.ContourData = [f"{place:.5f}" for place in (places @ np.diag([1, 1, -1])).ravel()]
    dataset.save_as(path)
    with pytest.raises(DataError, match="expected a contour in the plane of the slices"):
        _masks(root)


@pytest.mark.parametrize("data", [["1", "2", "3"], ["1"] * 10, []])
def test_a_contour_without_three_points_is_refused(tmp_path, data):
    root = _write(tmp_path, {"gtv": [(1, _blob((14, 11), 6, 4))]})
    path = root / "P1" / "rt" / "1.dcm"
    dataset = pydicom.dcmread(path)
    dataset.ROIContourSequence[0].ContourSequence[0].ContourData = data
    dataset.save_as(path)
    with pytest.raises(DataError, match="contour 1: expected at least three points of three numbers"):
        _masks(root)


def test_a_series_with_missing_slices_is_refused_before_its_contours_are_read(tmp_path):
    write_series(tmp_path / "P1" / "ct", left_out=[2])
    write_structures(tmp_path / "P1" / "rt" / "1.dcm", {"gtv": [(1, _blob((14, 11), 6, 4))]})
    with pytest.raises(Exception, match="slices missing or unevenly spaced"):
        _masks(tmp_path)


def _contours_by_matplotlib(path, scan):
    """Rasterize the one region of a real file: world points of all voxels, slice by slice, in matplotlib."""
    dataset = pydicom.dcmread(path)
    truth = np.zeros(scan.spatial_shape, bool)
    inverse = np.linalg.inv(np.diag([-1.0, -1.0, 1.0, 1.0]) @ scan.frame.affine)
    middles = np.stack(np.meshgrid(*map(np.arange, scan.spatial_shape[:2]), indexing="ij"), axis=-1).reshape(-1, 2)
    for contour in dataset.ROIContourSequence[0].ContourSequence:
        places = np.array(contour.ContourData, float).reshape(-1, 3)
        indices = places @ inverse[:3, :3].T + inverse[:3, 3]
        found = Outline(indices[:, :2]).contains_points(middles).reshape(scan.spatial_shape[:2])
        truth[:, :, round(indices[:, 2].mean())] ^= found
    return truth


@pytest.mark.parametrize("name", ["ct_lung_gtv", "mr_sts025"])
def test_real_structure_sets_are_those_of_matplotlib(shared_data, name):
    """The one of the MR series refers to instances that are not there."""
    folder = shared_data / "dicom"
    layout = {"reader": "dicom", "images": name, "annotations": f"rtstruct/{name}_rtstruct.dcm"}
    ((item, (annotation,)),) = read_layout(folder, layout).values()
    truth = _contours_by_matplotlib(folder / "rtstruct" / f"{name}_rtstruct.dcm", item.read())
    different = np.count_nonzero(annotation.mask.decode() != truth)
    # Points of real contours lie exactly on middles of pixels, where the two conventions differ.
    assert different <= 0.01 * truth.sum()


def test_the_real_contours_give_the_mask_that_the_phantom_came_with(shared_data):
    layout = {"reader": "dicom", "images": "ct_lung_gtv", "annotations": "rtstruct/ct_lung_gtv_rtstruct.dcm"}
    ((item, (annotation,)),) = read_layout(shared_data / "dicom", layout).values()
    (path,) = (shared_data / "3d" / "ibsi_lung" / "labels").glob("*.nii.gz")
    stored = nibabel.load(path)
    truth = np.asarray(stored.dataobj) > 0
    # The stored mask has larger voxels: ours is asked at their middles.
    middles = np.indices(stored.shape).reshape(3, -1).T @ stored.affine[:3, :3].T + stored.affine[:3, 3]
    there = np.round(item.read().frame.world_to_index(middles)).astype(int)
    drawn = annotation.mask.decode()
    seen = ((there >= 0) & (there < drawn.shape)).all(axis=1)
    mask = np.zeros(truth.size, bool)
    mask[seen] = drawn[tuple(there[seen].T)]
    mask = mask.reshape(truth.shape)
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.98
