# SPDX-License-Identifier: Apache-2.0
"""Tests of NRRD and MHA/MHD reading on files that SimpleITK writes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.readers import read_image

SUFFIXES = ["nrrd", "nhdr", "mha", "mhd"]
VALUES = np.random.default_rng(0).integers(-500, 500, (7, 6, 5)).astype(np.int16)


def volume() -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(VALUES)
    image.SetSpacing((0.8, 0.7, 2.5))
    image.SetOrigin((11, -12, 13))
    turn = SimpleITK.VersorTransform((0.1, 0.2, 0.3), 0.4)
    image.SetDirection(turn.GetMatrix())
    return image


def saved(path: Path, image: SimpleITK.Image, packed: bool = False) -> Path:
    SimpleITK.WriteImage(image, str(path), packed)
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_values_and_place_agree_with_simpleitk(tmp_path: Path, suffix: str, packed: bool) -> None:
    image = volume()
    scan = read_image(saved(tmp_path / f"a.{suffix}", image, packed))
    np.testing.assert_array_equal(scan.array[0], VALUES.T)
    indices = [(0, 0, 0), (4, 5, 6), (1, 3, 2)]
    physical = np.array([image.TransformIndexToPhysicalPoint(index) for index in indices])
    np.testing.assert_allclose(scan.frame.index_to_world(indices), physical * [-1, -1, 1], atol=1e-4)
    assert scan.frame.orientation_known
    assert scan.frame.spacing_known


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_single_slice_is_a_2d_image_with_its_place_in_space(tmp_path: Path, suffix: str) -> None:
    image = volume()[:, :, 3:4]
    scan = read_image(saved(tmp_path / f"a.{suffix}", image))
    assert scan.array.shape == (1, 5, 6)
    corner = np.array(image.TransformIndexToPhysicalPoint((4, 5, 0))) * [-1, -1, 1]
    np.testing.assert_allclose(scan.frame.index_to_world([[4, 5]])[0], corner, atol=1e-4)


@pytest.mark.parametrize("suffix", ["nrrd", "mha"])
def test_a_picture_knows_nothing_of_space(tmp_path: Path, suffix: str) -> None:
    frame = read_image(saved(tmp_path / f"a.{suffix}", SimpleITK.GetImageFromArray(VALUES[0]))).frame
    assert not frame.known_axes
    assert not frame.spacing_known


def test_a_metaimage_picture_with_a_spacing_keeps_it(tmp_path: Path) -> None:
    image = SimpleITK.GetImageFromArray(VALUES[0])
    image.SetSpacing((0.5, 0.25))
    assert read_image(saved(tmp_path / "a.mha", image)).frame.spacing_mm == (0.5, 0.25)


@pytest.mark.parametrize("suffix", ["nrrd", "mha"])
def test_a_color_picture_is_three_channels(tmp_path: Path, suffix: str) -> None:
    color = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    scan = read_image(saved(tmp_path / f"a.{suffix}", SimpleITK.GetImageFromArray(color, isVector=True)))
    np.testing.assert_array_equal(scan.array, color.transpose(2, 1, 0))


@pytest.mark.parametrize("suffix", ["nrrd", "mha"])
def test_four_axes_and_vectors_are_refused(tmp_path: Path, suffix: str) -> None:
    series = SimpleITK.JoinSeries([volume(), volume()])
    with pytest.raises(UnsupportedImageError, match=r"the file has 4 of sizes \(5, 6, 7, 2\)"):
        read_image(saved(tmp_path / f"a.{suffix}", series))
    with pytest.raises(UnsupportedImageError, match="the file has 2; save one channel"):
        read_image(saved(tmp_path / f"b.{suffix}", SimpleITK.Compose(volume(), volume())))


def test_a_nrrd_without_space_knows_no_axes(tmp_path: Path) -> None:
    header = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 2 2 2\nspacings: 2 2 3\nencoding: raw\n\n"
    (tmp_path / "a.nrrd").write_bytes(header.encode() + bytes(range(8)))
    frame = read_image(tmp_path / "a.nrrd").frame
    assert not frame.known_axes
    assert not frame.spacing_known


@pytest.mark.parametrize(("space", "sign"), [("right-anterior-superior", 1), ("left-posterior-superior", -1)])
def test_the_space_of_a_nrrd_decides_the_signs(tmp_path: Path, space: str, sign: int) -> None:
    header = (
        f"NRRD0004\ntype: uint8\ndimension: 3\nspace: {space}\nsizes: 2 2 2\n"
        "space directions: (2,0,0) (0,2,0) (0,0,3)\nspace origin: (5,6,7)\nencoding: raw\n\n"
    )
    (tmp_path / "a.nrrd").write_bytes(header.encode() + bytes(range(8)))
    world = read_image(tmp_path / "a.nrrd").frame.index_to_world([[1, 1, 1]])
    np.testing.assert_allclose(world, [[7 * sign, 8 * sign, 10]])


def nrrd_with(path: Path, directions: str) -> Path:
    header = (
        "NRRD0004\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 2 2\n"
        f"space directions: {directions}\nspace origin: (5,6,7)\nencoding: raw\n\n"
    )
    path.write_bytes(header.encode() + bytes(range(8)))
    return path


@pytest.mark.parametrize(
    ("directions", "problem"),
    [
        ("(2,0,0) (0,2,0) (1,0,3)", "sheared by 18.4 degrees"),
        ("(2,0,0) (0,2,0) (0,0,0)", "place in space cannot be"),
        ("(2,0,0) (0,2,0) none", "an axis in space for each of 3, the header has 2"),
    ],
)
def test_directions_that_are_no_grid_in_space_are_refused(tmp_path: Path, directions: str, problem: str) -> None:
    with pytest.raises(ImageReadError, match=problem):
        read_image(nrrd_with(tmp_path / "a.nrrd", directions))


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("ElementSpacing", "1 0 1", "an axis has no length"),
        ("TransformMatrix", "1 0 0 0 1 0 0.5 0 1", "sheared by 26.6 degrees"),
        ("TransformMatrix", "1 0 0 0 1 0 0 1 0", "two axes run along one line"),
        ("DimSize", "20000 20000 20000", r"at most 2,147,483,648 voxels, the header says \(20000, 20000, 20000\)"),
    ],
)
def test_a_metaimage_header_that_is_no_grid_is_refused(tmp_path: Path, field: str, value: str, problem: str) -> None:
    path = saved(tmp_path / "a.mhd", volume())
    lines = [line for line in path.read_text().splitlines() if not line.startswith(field)]
    path.write_text("\n".join([*lines[:-1], f"{field} = {value}", lines[-1], ""]))
    with pytest.raises(ImageReadError, match=problem):
        read_image(path)


def test_what_does_not_fit_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.mha", volume())
    monkeypatch.setattr("monai_medglip.readers.grid_checks.available_bytes", lambda: 2 * VALUES.nbytes - 1)
    with pytest.raises(ImageReadError, match=r"a\.mha: expected an image that fits into memory"):
        read_image(path)


@pytest.mark.parametrize("suffix", ["nrrd", "mha"])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path / f"a.{suffix}", volume())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ImageReadError, match="expected a whole and readable"):
        read_image(path)


def test_without_simpleitk_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.mha", volume())
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(ImageReadError, match=r"pip install monai_medglip\[itk\]"):
        read_image(path)
