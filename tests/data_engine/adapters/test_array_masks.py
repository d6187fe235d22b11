# SPDX-License-Identifier: Apache-2.0
"""Masks and images in arrays of NumPy and MATLAB: every order of axes, many images in a file, damaged files."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from monai_medglip.errors import ConfigurationError, DataError
from tests.data_engine.adapters.reading import noise, read_card, read_layout, write_picture

savemat = pytest.importorskip("scipy.io", reason="scipy is in the extra 'data'").savemat

SHAPE = (12, 9)
LABELS = np.random.default_rng(3).integers(0, 4, SHAPE).astype(np.uint8)
LAYOUT = {"reader": "array_masks", "images": "{id}.png", "masks": "{id}.npy", "form": "yx"}


def read(root, layout):
    write_picture(root / "a.png", noise(SHAPE))
    ((_, drawn),) = read_layout(root, {**LAYOUT, **layout}).values()
    return drawn


def check(drawn, labels=LABELS):
    assert [annotation.value for annotation in drawn] == ["1", "2", "3"]
    for annotation in drawn:
        assert np.array_equal(annotation.mask.decode(), labels == int(annotation.value))


@pytest.mark.parametrize("axes", ["xy", "yx"])
def test_numbers_of_a_label_map_in_each_order_of_axes(tmp_path, axes):
    np.save(tmp_path / "a.npy", LABELS if axes == "xy" else LABELS.T)
    check(read(tmp_path, {"form": axes}))


@pytest.mark.parametrize("axes", ["".join(axes) for axes in itertools.permutations("xyz")])
def test_volumes_in_each_order_of_axes(tmp_path, axes):
    labels = np.random.default_rng(4).integers(0, 4, (5, 4, 3))
    order = ["xyz".index(letter) for letter in axes]
    np.savez(tmp_path / "a.npz", imgs=labels.transpose(order) * 10, gts=labels.transpose(order))
    layout = {
        "reader": "array_masks",
        "images": {"files": "{id}.npz", "pixels": {"array": {"axes": axes, "key": "imgs"}}},
        "masks": "{id}.npz",
        "form": {"axes": axes, "key": "gts"},
    }
    ((item, drawn),) = read_layout(tmp_path, layout).values()
    check(drawn, labels)
    scan = item.read()
    assert np.array_equal(scan.array[0], labels * 10)
    assert not scan.frame.spacing_known
    assert not scan.frame.known_axes


def test_every_image_of_the_files_of_pannuke_is_an_image(tmp_path):
    chance = np.random.default_rng(5)
    images = chance.integers(0, 256, (3, *SHAPE[::-1], 3)).astype(np.float64)
    masks = np.zeros((3, *SHAPE[::-1], 6))
    masks[1, 2:5, 3:6, 0], masks[1, 6:8, 1:4, 0], masks[1, 0:2, 0:2, 3] = 1, 7, 2
    masks[..., 5] = masks[..., :5].max(axis=-1) == 0
    for name, array in (("images", images), ("masks", masks)):
        (tmp_path / "fold1" / name / "fold1").mkdir(parents=True)
        np.save(tmp_path / "fold1" / name / "fold1" / f"{name}.npy", array)
    read = read_card(tmp_path, "pannuke")
    assert list(read) == ["fold1_0", "fold1_1", "fold1_2"]
    item, drawn = read["fold1_1"]
    assert item.patient == "fold1_1"
    assert item.read().array.dtype == np.uint8
    assert np.array_equal(item.read().array, images[1].transpose(2, 1, 0))
    first, second, dead, background = drawn
    assert [annotation.value for annotation in drawn] == ["0", "0", "3", "5"]
    assert (first.mask.box.tolist(), second.mask.box.tolist()) == ([3, 2, 6, 5], [1, 6, 4, 8])
    assert dead.mask.area == 4
    assert background.mask.area == SHAPE[0] * SHAPE[1] - 9 - 6 - 4


def test_instances_of_consep_have_the_kind_that_most_of_their_pixels_have(tmp_path):
    base = tmp_path / "CoNSeP" / "Train"
    write_picture(base / "Images" / "train_1.png", noise((*SHAPE, 3)))
    instances, kinds = np.zeros(SHAPE[::-1]), np.zeros(SHAPE[::-1])
    instances[1:4, 1:4], instances[5:8, 2:10] = 1, 2
    kinds[1:4, 1:4], kinds[5:8, 2:10], kinds[5, 2] = 3, 5, 7
    (base / "Labels").mkdir()
    savemat(base / "Labels" / "train_1.mat", {"inst_map": instances, "type_map": kinds})
    item, (first, second) = read_card(tmp_path, "consep")["train_1"]
    assert item.split == "train"
    assert (first.value, first.mask.box.tolist()) == ("3", [1, 1, 4, 4])
    assert (second.value, second.mask.area) == ("5", 24)


def test_instances_of_one_kind(tmp_path):
    savemat(tmp_path / "a.mat", {"inst_map": LABELS.T}, do_compression=True)
    drawn = read(tmp_path, {"masks": "{id}.mat", "form": {"axes": "yx", "key": "inst_map"}, "value": "nucleus"})
    assert [annotation.value for annotation in drawn] == ["nucleus"] * 3


def _broken(path):
    np.save(path, LABELS)
    path.write_bytes(path.read_bytes()[:-20])


def _objects(path):
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: np.save(path, LABELS), r"expected a mask of \(12, 9\) as its image .*got \(9, 12\)"),
        (lambda path: np.save(path, LABELS[0]), r"expected an array with the axes 'yx', got the shape \(9,\)"),
        (lambda path: np.save(path, LABELS.T * 0.5), "expected whole numbers from 0 in a mask"),
        (lambda path: np.save(path, LABELS.T.astype(str)), "expected an array of real numbers, got"),
        (lambda path: path.write_bytes(b"no array"), "expected a whole and readable .npy file"),
        (_broken, "expected a whole and readable .npy file"),
        (_objects, "expected a whole and readable .npy file"),
    ],
)
def test_a_bad_file_is_named(tmp_path, write, message):
    write(tmp_path / "a.npy")
    with pytest.raises(DataError, match=rf"a.npy: {message}"):
        read(tmp_path, {})


def test_a_name_that_is_not_in_the_file_is_refused_with_the_nearest(tmp_path):
    np.savez(tmp_path / "a.npz", gts=LABELS.T)
    savemat(tmp_path / "a.mat", {"inst_map": LABELS.T})
    for masks, key, near in (("{id}.npz", "gt", "gts"), ("{id}.mat", "instmap", "inst_map")):
        with pytest.raises(DataError, match=rf"expected an array '{key}', .*\(did you mean '{near}'\?\)"):
            read(tmp_path, {"masks": masks, "form": {"axes": "yx", "key": key}})


def test_a_key_belongs_to_files_of_several_arrays(tmp_path):
    np.save(tmp_path / "a.npy", LABELS.T)
    np.savez(tmp_path / "a.npz", gts=LABELS.T)
    with pytest.raises(DataError, match=r"a \.npy file has one; leave out 'key'"):
        read(tmp_path, {"form": {"axes": "yx", "key": "gts"}})
    with pytest.raises(DataError, match="expected the array's name under 'key'"):
        read(tmp_path, {"masks": "{id}.npz"})


def test_a_matlab_file_of_version_7_3_says_what_to_do(tmp_path):
    (tmp_path / "a.mat").write_bytes(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))
    with pytest.raises(DataError, match=r"got 7.3; save it again by save\(..., '-v7'\)"):
        read(tmp_path, {"masks": "{id}.mat", "form": {"axes": "yx", "key": "m"}})


@pytest.mark.parametrize("axes", ["", "x", "xx", "xyq", "xyx"])
def test_axes_that_are_no_images_are_refused(tmp_path, axes):
    with pytest.raises(ConfigurationError, match="expected the letters x and y, and perhaps z, c, n"):
        read(tmp_path, {"form": axes})
