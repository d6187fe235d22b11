# SPDX-License-Identifier: Apache-2.0
"""Tests of decoding: colors, bits, rescale, films, and headers that lie about the amount of pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import RLELossless

from monai_medglip.errors import ImageReadError
from monai_medglip.readers import read_image
from tests.volume_files import dicom_slice

WriteDicom = Callable[..., Path]
SEQUENCE_DELIMITER = b"\xfe\xff\xdd\xe0"


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (4, 6, 3), dtype=np.uint8)


def test_color_planes_stored_one_after_the_other_are_put_together(write_dicom: WriteDicom, picture: np.ndarray) -> None:
    stored = picture.transpose(2, 0, 1).tobytes()
    scan = read_image(write_dicom("a.dcm", picture, PlanarConfiguration=1, PixelData=stored))
    np.testing.assert_array_equal(scan.array, picture.T)


def test_ybr_becomes_rgb(write_dicom: WriteDicom, picture: np.ndarray) -> None:
    ybr = convert_color_space(picture, "RGB", "YBR_FULL")
    scan = read_image(write_dicom("a.dcm", ybr, PhotometricInterpretation="YBR_FULL"))
    np.testing.assert_allclose(scan.array.astype(int), picture.T.astype(int), atol=2)


def test_subsampled_ybr_becomes_rgb(write_dicom: WriteDicom) -> None:
    # Two gray pixels of brightness 10 and 200 share the neutral colors 128, 128.
    stored = bytes([10, 200, 128, 128] * 4)
    shape = np.zeros((4, 2, 3), np.uint8)
    path = write_dicom("a.dcm", shape, PhotometricInterpretation="YBR_FULL_422", PixelData=stored)
    scan = read_image(path)
    np.testing.assert_array_equal(scan.array, np.broadcast_to(np.array([10, 200])[None, :, None], (3, 2, 4)))


def test_color_of_16_bits_keeps_the_upper_8(write_dicom: WriteDicom) -> None:
    pixels = np.full((2, 2, 3), 0xABCD, np.uint16)
    assert (read_image(write_dicom("a.dcm", pixels)).array == 0xAB).all()


def test_bits_that_are_not_stored_are_left_out(write_dicom: WriteDicom) -> None:
    pixels = np.array([[0x1005, 0x0FFF]], np.uint16)
    path = write_dicom("a.dcm", pixels, BitsStored=12, HighBit=11)
    assert read_image(path).array.ravel().tolist() == [5, 4095]


@pytest.mark.parametrize("name", ["nm_jpeg_lossless", "nm_jpeg_extended_12bit", "cr_leg_j2k_lossy_mono1"])
def test_compressed_pictures_have_simpleitks_values(shared_data: Path, name: str) -> None:
    path = shared_data / "dicom" / "single" / f"{name}.dcm"
    # SimpleITK inverts MONOCHROME1 too. Decoders of lossy JPEG round differently.
    reference = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))[0].T
    np.testing.assert_allclose(read_image(path).array[0], reference, atol=1)


def test_many_slices_decoded_at_once_land_in_their_places(write_series: WriteDicom) -> None:
    scan = read_image(write_series("s", list(range(40, 0, -1))))
    assert scan.array[0, 0, 0].tolist() == list(range(39, -1, -1))


def test_a_series_packed_by_rle_equals_the_uncompressed_one(write_series: WriteDicom) -> None:
    folder = write_series("s", [0, 1, 2, 3], RescaleSlope=("1", "0.5", "2", "3"))
    plain = read_image(folder).array
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    np.testing.assert_array_equal(read_image(folder).array, plain)


def test_integers_of_32_bits_are_rescaled_before_they_are_rounded(write_dicom: WriteDicom) -> None:
    path = write_dicom("a.dcm", np.array([[2**30 + 1]], np.int32), RescaleSlope="1", RescaleIntercept="-1073741824")
    assert read_image(path).array.item() == 1


def test_a_slope_of_zero_is_refused(write_dicom: WriteDicom) -> None:
    with pytest.raises(ImageReadError, match="RescaleSlope other than 0"):
        read_image(write_dicom("a.dcm", np.ones((2, 2), np.uint8), RescaleSlope="0"))


def test_a_window_is_not_applied(write_dicom: WriteDicom) -> None:
    path = write_dicom("a.dcm", np.array([[0, 900]], np.int16), WindowCenter="100", WindowWidth="50")
    assert read_image(path).array.ravel().tolist() == [0, 900]


@pytest.mark.parametrize(
    ("attributes", "is_known"),
    [
        ({}, False),
        ({"ImagerPixelSpacing": [0.2, 0.2]}, False),
        ({"ImagerPixelSpacing": [0.25, 0.25]}, True),
        ({"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"}, True),
        ({"Modality": "CT"}, True),
    ],
)
def test_a_films_pixel_spacing_is_trusted_only_where_it_is_that_of_the_patient(
    write_dicom: WriteDicom, attributes: dict[str, object], is_known: bool
) -> None:
    path = write_dicom(
        "a.dcm", np.ones((2, 2), np.uint8), **{"Modality": "MG", "PixelSpacing": [0.2, 0.2], **attributes}
    )
    assert read_image(path).frame.spacing_known is is_known


def test_more_frames_than_the_file_can_hold_are_refused(write_dicom: WriteDicom) -> None:
    path = write_dicom("a.dcm", np.ones((4, 4), np.uint8), NumberOfFrames=100_000)
    with pytest.raises(ImageReadError, match=r"expected 1,600,000 bytes of pixels for 100000 frame\(s\)"):
        read_image(path)


def test_rle_that_cannot_unpack_to_its_size_is_refused_before_decoding(tmp_path: Path) -> None:
    dataset = dicom_slice(np.zeros((8, 8), np.uint8), Rows=20_000, Columns=20_000)
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.PixelData = encapsulate([bytes(64) + bytes(40)])
    dataset["PixelData"].VR = "OB"
    dataset.save_as(tmp_path / "bomb.dcm", enforce_file_format=True)
    with pytest.raises(ImageReadError, match="bytes of RLE at least"):
        read_image(tmp_path / "bomb.dcm")


@pytest.mark.parametrize("name", ["mr_small_rle", "mr_small_j2k", "mr_small_jpegls"])
@pytest.mark.parametrize("lost", [0, 100])
def test_compressed_pixels_that_break_off_are_refused(shared_data: Path, tmp_path: Path, name: str, lost: int) -> None:
    whole = (shared_data / "dicom" / "single" / f"{name}.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[: whole.rindex(SEQUENCE_DELIMITER) - lost])
    with pytest.raises(ImageReadError, match="break off"):
        read_image(tmp_path / "cut.dcm")
