# SPDX-License-Identifier: Apache-2.0
"""Tests of series that a tilted gantry sheared."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from scipy.ndimage import map_coordinates

from monai_medglip.errors import ConfigurationError, UnsupportedImageError
from monai_medglip.readers import Tilt, read_dicom_volumes, read_image
from tests.volume_files import dicom_slice


def write_sheared(folder: Path, pixels: np.ndarray, shift: tuple[float, float]) -> Path:
    """Axial slices (z, y, x), 2 mm apart, pixels 0.5 x 0.8 mm, each shifted along x and y [mm] against the last."""
    folder.mkdir()
    for z, picture in enumerate(pixels):
        dataset = dicom_slice(
            picture,
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            ImagePositionPatient=[10 + z * shift[0], 20 + z * shift[1], 2 * z],
            PixelSpacing=["0.8", "0.5"],
        )
        dataset.save_as(folder / f"{z}.dcm", enforce_file_format=True)
    return folder


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(1, 900, (5, 9, 7), dtype=np.int16)


@pytest.mark.parametrize("shift", [(0, 0.37), (0, -0.53), (0.21, 0.1), (-0.31, 0.8)])
def test_every_voxel_has_the_value_of_its_place_in_the_slice(
    tmp_path: Path, pixels: np.ndarray, shift: tuple[float, float]
) -> None:
    (scan,) = read_dicom_volumes(write_sheared(tmp_path / "s", pixels, shift), tilt="resample")
    places = scan.frame.index_to_world(np.argwhere(np.ones(scan.spatial_shape))) * [-1, -1, 1]
    z = places[:, 2] / 2
    x = (places[:, 0] - 10 - z * shift[0]) / 0.5
    y = (places[:, 1] - 20 - z * shift[1]) / 0.8
    inside = (np.abs(x - 3) < 3 + 1e-6) & (np.abs(y - 4) < 4 + 1e-6)
    expected = map_coordinates(pixels.astype(float), [z, y, x], order=1, mode="nearest")
    got = scan.array[0].ravel()
    np.testing.assert_allclose(got[inside], expected[inside], rtol=1e-4)
    assert (got[~inside] == got[inside].min()).all()
    assert inside.sum() > 150


def test_the_grid_is_orthogonal_and_says_that_pixels_were_moved(tmp_path: Path, pixels: np.ndarray) -> None:
    (scan,) = read_dicom_volumes(write_sheared(tmp_path / "s", pixels, (0, 0.8)), tilt=Tilt.RESAMPLE)
    np.testing.assert_allclose(scan.frame.spacing_mm, [0.5, 0.8, 2])
    np.testing.assert_allclose(scan.frame.affine[:3, 2], [0, 0, 2], atol=1e-9)
    assert scan.source.is_resampled
    assert scan.spatial_shape == (7, 9 + 4, 5)


def test_whole_pixels_are_moved_without_interpolation(tmp_path: Path, pixels: np.ndarray) -> None:
    (scan,) = read_dicom_volumes(write_sheared(tmp_path / "s", pixels, (0, 0.8)), tilt="resample")
    for z in range(5):
        np.testing.assert_array_equal(scan.array[0, :, z : z + 9, z], pixels[z].T)


def test_tilt_is_refused_unasked_and_the_choice_named(tmp_path: Path, pixels: np.ndarray) -> None:
    folder = write_sheared(tmp_path / "s", pixels, (0, 0.8))
    with pytest.raises(UnsupportedImageError, match=r"tilt \(shear\) of 21\.8 degrees\. .*tilt='resample'"):
        read_image(folder)


def test_an_upright_series_is_not_resampled(tmp_path: Path, pixels: np.ndarray) -> None:
    folder = write_sheared(tmp_path / "s", pixels, (0, 0))
    (scan,) = read_dicom_volumes(folder, tilt="resample")
    np.testing.assert_array_equal(scan.array, read_image(folder).array)
    assert not scan.source.is_resampled


def test_an_unknown_way_with_tilt_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'refuse', 'resample'; got 'ignore'"):
        read_dicom_volumes(tmp_path, tilt="ignore")


def test_a_real_tilted_series_stays_refused_where_it_is_uneven(shared_data: Path) -> None:
    with pytest.raises(UnsupportedImageError, match=r"found slice distances from 1\.08 to 7\.00 mm"):
        read_dicom_volumes(shared_data / "dicom" / "ct_gantry_tilt", tilt="resample")


def test_the_even_part_of_a_real_tilted_series_keeps_its_slices(shared_data: Path, tmp_path: Path) -> None:
    headers = [
        (pydicom.dcmread(path, stop_before_pixels=True), path)
        for path in (shared_data / "dicom" / "ct_gantry_tilt").iterdir()
    ]
    in_order = sorted(headers, key=lambda pair: float(pair[0].ImagePositionPatient[2]))
    heights = np.array([float(header.ImagePositionPatient[2]) for header, _ in in_order])
    even = np.flatnonzero(np.isclose(np.diff(heights), np.median(np.diff(heights)), atol=0.02))
    run = max(np.split(even, np.flatnonzero(np.diff(even) > 1) + 1), key=len)
    for index in (*run, run[-1] + 1):
        shutil.copy(in_order[index][1], tmp_path)
    (scan,) = read_dicom_volumes(tmp_path, tilt="resample")
    steps = scan.frame.affine[:3, :3] / np.linalg.norm(scan.frame.affine[:3, :3], axis=0)
    np.testing.assert_allclose(steps.T @ steps, np.eye(3), atol=1e-6)
    middle = scan.frame.world_to_index(
        np.array([[-1.0, -1, 1]]) * np.array(in_order[run[1]][0].ImagePositionPatient, float)
    )[0]
    stored = pydicom.dcmread(in_order[run[1]][1])
    z = round(middle[2])
    assert middle[2] == pytest.approx(z, abs=0.02)
    line = map_coordinates(
        stored.pixel_array * float(stored.RescaleSlope) + float(stored.RescaleIntercept),
        [np.arange(40, 60) - middle[1], np.full(20, 64 - middle[0])],
        order=1,
    )
    np.testing.assert_allclose(scan.array[0, 64, 40:60, z], line, atol=1.5)
