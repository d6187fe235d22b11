# SPDX-License-Identifier: Apache-2.0
"""Tests of NIfTI reading on files that nibabel writes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.readers import read_image

VOLUME = np.random.default_rng(0).permutation(5 * 6 * 7).reshape(5, 6, 7).astype(np.int16)
AFFINE = np.array([[2, 0.15, 0, -9], [-0.1, 3, 0, 8], [0, 0, 4, 7], [0, 0, 0, 1.0]])


def saved(path: Path, array: np.ndarray, affine: np.ndarray | None = AFFINE, **header: Any) -> Path:
    image = nibabel.Nifti1Image(array, affine)
    for key, value in header.items():
        image.header[key] = value
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz", "a.hdr"])
def test_packed_plain_and_paired_files_are_read(tmp_path: Path, name: str) -> None:
    kind = nibabel.Nifti1Pair if name == "a.hdr" else nibabel.Nifti1Image
    nibabel.save(kind(VOLUME, AFFINE), tmp_path / name.replace("hdr", "img"))
    scan = read_image(tmp_path / name)
    assert scan.array.dtype == np.int16
    np.testing.assert_array_equal(scan.array[0], VOLUME)


def test_nifti_2_and_a_wrong_name_are_read(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti2Image(VOLUME, AFFINE), tmp_path / "a.nii")
    (tmp_path / "a.nii").rename(tmp_path / "scan.dat")
    scan = read_image(tmp_path / "scan.dat")
    np.testing.assert_array_equal(scan.array[0], VOLUME)
    np.testing.assert_allclose(scan.frame.affine, AFFINE)


def test_big_endian_values_come_in_native_order(tmp_path: Path) -> None:
    header = nibabel.Nifti1Header(endianness=">")
    nibabel.save(nibabel.Nifti1Image(VOLUME, AFFINE, header), tmp_path / "a.nii")
    array = read_image(tmp_path / "a.nii").array
    assert array.dtype.isnative
    np.testing.assert_array_equal(array[0], VOLUME)


def test_scaled_values_come_as_float32(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(VOLUME, AFFINE)
    image.header.set_slope_inter(0.5, -10)
    nibabel.save(image, tmp_path / "a.nii")
    scan = read_image(tmp_path / "a.nii")
    assert scan.array.dtype == np.float32
    np.testing.assert_allclose(scan.array[0], nibabel.load(tmp_path / "a.nii").get_fdata(), rtol=1e-6)


def test_a_single_slice_is_a_2d_image_with_its_place_in_space(tmp_path: Path) -> None:
    scan = read_image(saved(tmp_path / "a.nii", VOLUME[..., :1]))
    assert scan.array.shape == (1, 5, 6)
    np.testing.assert_allclose(scan.frame.affine, AFFINE, atol=1e-6)


def test_axes_of_length_one_behind_the_third_are_dropped(tmp_path: Path) -> None:
    assert read_image(saved(tmp_path / "a.nii", VOLUME[..., None, None])).array.shape == (1, 5, 6, 7)


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (np.zeros((3, 4, 5, 2), np.int16), r"shape \(3, 4, 5, 2\), a time series"),
        (np.zeros((3, 4, 5, 1, 3), np.int16), r"shape \(3, 4, 5, 1, 3\), vectors"),
        (np.zeros((3, 4, 5), np.complex64), "complex64 values"),
        (np.zeros((3, 4, 5), [("R", "u1"), ("G", "u1"), ("B", "u1")]), "color values"),
        (np.zeros((3,), np.int16), r"shape \(3,\)"),
    ],
)
def test_what_is_no_single_grey_volume_is_refused(tmp_path: Path, array: np.ndarray, found: str) -> None:
    with pytest.raises(UnsupportedImageError, match=found):
        read_image(saved(tmp_path / "a.nii", array))


def test_axes_and_spacing_are_unknown_without_sform_and_qform(tmp_path: Path) -> None:
    frame = read_image(saved(tmp_path / "a.nii", VOLUME, None)).frame
    assert not frame.known_axes
    assert not frame.spacing_known


def test_millimeters_are_known_without_a_place_where_the_unit_is_stated(tmp_path: Path) -> None:
    frame = read_image(saved(tmp_path / "a.nii", VOLUME, None, xyzt_units=2, pixdim=[1, 2, 3, 4, 0, 0, 0, 0])).frame
    assert frame.spacing_mm == (2, 3, 4)
    assert not frame.known_axes


@pytest.mark.parametrize(("unit", "factor"), [(0, 1), (1, 1000), (2, 1), (3, 0.001)])
def test_the_affine_is_in_millimeters_whatever_the_unit(tmp_path: Path, unit: int, factor: float) -> None:
    frame = read_image(saved(tmp_path / "a.nii", VOLUME, np.diag([2, 3, 4, 1.0]), xyzt_units=unit)).frame
    np.testing.assert_allclose(frame.spacing_mm, np.array([2, 3, 4]) * factor)


def test_a_pixel_size_of_zero_makes_the_spacing_unknown(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.nii", VOLUME)
    damaged = bytearray(path.read_bytes())
    damaged[76 + 4 * 2 : 76 + 4 * 3] = np.float32(0).tobytes()
    path.write_bytes(damaged)
    assert not read_image(path).frame.spacing_known


@pytest.mark.parametrize("qform_code", [0, 1])
def test_a_voxel_size_of_zero_that_nothing_makes_up_for_is_refused(tmp_path: Path, qform_code: int) -> None:
    path = saved(tmp_path / "a.nii", VOLUME, None, qform_code=qform_code, xyzt_units=2)
    damaged = bytearray(path.read_bytes())
    damaged[76 + 4 * 2 : 76 + 4 * 3] = np.float32(0).tobytes()
    path.write_bytes(damaged)
    with pytest.raises(
        ImageReadError, match=r"voxel sizes above 0, the header says \[1\.0, 0\.0, 1\.0\].*correct pixdim"
    ):
        read_image(path)


def test_a_sheared_affine_is_refused(tmp_path: Path) -> None:
    affine = np.diag([2.0, 2, 2, 1])
    affine[0, 2] = 2
    with pytest.raises(UnsupportedImageError, match=r"a\.nii: .* sheared by 45\.0 degrees .*resample"):
        read_image(saved(tmp_path / "a.nii", VOLUME, affine))


def test_a_singular_affine_is_refused(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(VOLUME, np.eye(4))
    image.set_sform(np.diag([1, 0, 1, 1]), code=1)
    nibabel.save(image, tmp_path / "a.nii")
    with pytest.raises(ImageReadError, match=r"a\.nii: the header's place in space cannot be: .* singular"):
        read_image(tmp_path / "a.nii")


def test_values_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    message = r"expected finite pixels, 3 of 210 .* at \(0, 0, 0\) and \(4, 5, 6\)"
    array = np.zeros(VOLUME.shape, np.float32)
    array[0, 0, 0], array[2, 5, 6], array[4, 1, 2] = np.nan, np.inf, np.nan
    with pytest.raises(ImageReadError, match=message):
        read_image(saved(tmp_path / "a.nii.gz", array))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 9999, (20, 20, 20), dtype=np.int16)
    whole = saved(tmp_path / f"a.{suffix}", noise).read_bytes()
    (tmp_path / f"b.{suffix}").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImageReadError, match=f"b.{suffix}"):
        read_image(tmp_path / f"b.{suffix}")


def test_a_wrong_bit_in_a_packed_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    noise = np.random.default_rng(1).integers(0, 9999, (20, 20, 20), dtype=np.int16)
    # stored without compression, so that the wrong bit is a wrong voxel and nothing else
    path.write_bytes(gzip.compress(nibabel.Nifti1Image(noise, AFFINE).to_bytes(), compresslevel=0))
    damaged = bytearray(path.read_bytes())
    damaged[5000] ^= 4
    path.write_bytes(damaged)
    with pytest.raises(ImageReadError, match=r"a\.nii\.gz: .*CRC check failed"):
        read_image(path)


def test_what_does_not_fit_into_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "a.nii", VOLUME)
    monkeypatch.setattr("monai_medglip.readers.grid_checks.available_bytes", lambda: 400)
    with pytest.raises(ImageReadError, match=r"a\.nii: expected an image that fits into memory"):
        read_image(path)


def test_the_pixels_stay_when_the_file_changes(tmp_path: Path) -> None:
    scan = read_image(saved(tmp_path / "a.nii", VOLUME))
    saved(tmp_path / "a.nii", np.zeros_like(VOLUME))
    np.testing.assert_array_equal(scan.array[0], VOLUME)


def test_a_text_file_with_a_nifti_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").write_text("not an image")
    with pytest.raises(ImageReadError, match="expected a NIfTI file by its name, but it begins with b'not an image'"):
        read_image(tmp_path / "a.nii.gz")


def test_packed_text_with_a_nifti_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(b"not an image"))
    with pytest.raises(ImageReadError, match="expected a NIfTI file by its name"):
        read_image(tmp_path / "a.nii.gz")


def test_a_header_that_promises_too_much_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.nii", VOLUME)
    damaged = bytearray(path.read_bytes())
    damaged[42:48] = np.array([30000, 30000, 30000], np.int16).tobytes()
    path.write_bytes(damaged)
    with pytest.raises(UnsupportedImageError, match=r"the header says \(30000, 30000, 30000\)"):
        read_image(path)
