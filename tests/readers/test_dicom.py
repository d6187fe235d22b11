# SPDX-License-Identifier: Apache-2.0
"""Tests of DICOM reading on the real files beside the checkout, and on written ones for what those do not show."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK

from monai_medglip import ontology, readers
from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.imaging import Modality
from monai_medglip.ontology.load_tables import load_body_regions
from monai_medglip.readers import read_image

REGULAR_SERIES = (
    "ct_lung_gtv",
    "mr_sts025",
    "pt_sts025",
    "mr_oblique_t1post",
    "ct_3slice",
    "ct_tiny_24x38x3",
    "ct_reversed_axes",
    "ct_oblique_tiny",
)


@pytest.fixture
def dicom(shared_data: Path) -> Path:
    return shared_data / "dicom"


@pytest.mark.parametrize("name", REGULAR_SERIES)
def test_a_regular_series_agrees_with_simpleitk(dicom: Path, name: str) -> None:
    scan = read_image(dicom / name)
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(dicom / name)))
    reference = reader.Execute()
    expected = SimpleITK.GetArrayFromImage(reference).T.astype(np.float32)
    # ct_3slice marks pixels outside the scanner's circle as -2000 before rescale, which is no value.
    valid = expected > -3000
    np.testing.assert_allclose(scan.array[0][valid], expected[valid], rtol=1e-6)
    corners = np.array([[0, 0, 0], np.array(scan.spatial_shape) - 1, [1, 2, 1]])
    physical = [reference.TransformContinuousIndexToPhysicalPoint(corner.tolist()) for corner in corners]
    np.testing.assert_allclose(scan.frame.index_to_world(corners), np.array(physical) * [-1, -1, 1], atol=0.01)
    assert scan.frame.orientation_known
    assert scan.frame.spacing_known


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("ct_gantry_tilt", r"gantry tilt \(shear\) of 18\.5 degrees; slice distances from 1\.08 to 7\.00 mm"),
        ("ct_gap_j2k", r"slice distances from 2\.00 to 6\.00 mm, 1 of 3 other than 2\.00 mm \(slices missing"),
        ("ct2_tiny_16x16", r"slice distances from 1\.25 to 202\.50 mm"),
        ("enhanced", r"found 3 \(images: CT with 1, CT with 1, MR with 5\)"),
        ("seg", "a segmentation"),
        ("rtstruct", "contours"),
        ("enhanced/emri_small_RLE.dcm", r"expected one picture, found 10 frames; read_dicom_frame\(file, number\)"),
        ("single/us_clip_jpeg_ybr_30frames.dcm", "expected one picture, found 30 frames"),
        ("single/rtdose.dcm", "a dose distribution"),
        ("single/bad_vr.dcm", "a dose distribution"),
    ],
)
def test_what_is_no_regular_image_is_refused_with_what_was_found(dicom: Path, name: str, found: str) -> None:
    with pytest.raises(UnsupportedImageError, match=found):
        read_image(dicom / name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("mr_truncated", r"expected 8,192 bytes of pixels for 1 frame\(s\) .* the file has 8,130"),
        ("ct_no_file_meta", "file meta header that names the transfer syntax"),
        ("nm_j2k_embedded_delimiter", "expected a whole and readable DICOM image"),
    ],
)
def test_a_damaged_file_is_refused_with_the_reason(dicom: Path, name: str, reason: str) -> None:
    with pytest.raises(ImageReadError, match=reason):
        read_image(dicom / "single" / f"{name}.dcm")


@pytest.mark.parametrize("encoding", ["implicit", "bigendian", "rle", "j2k", "jpegls", "padded"])
def test_the_same_picture_is_read_from_every_encoding(dicom: Path, encoding: str) -> None:
    plain = read_image(dicom / "single" / "mr_small.dcm")
    coded = read_image(dicom / "single" / f"mr_small_{encoding}.dcm")
    np.testing.assert_array_equal(coded.array, plain.array)
    assert coded.frame == plain.frame


@pytest.mark.parametrize(
    ("name", "modality", "body_region", "shape"),
    [
        ("ct_small", "CT", None, (1, 128, 128)),
        ("cr_leg_j2k_lossy_mono1", "XR", "limb", (1, 1760, 1760)),
        ("dx_dog_chest_mono1", "XR", "chest", (1, 211, 169)),
        ("ct_flipped_j2k_vr_un", "CT", "abdomen", (1, 512, 512)),
        ("ct_gantry_tilt_j2k_pixelrep_mismatch", "CT", "head", (1, 512, 512)),
        ("mr_oblique_adc_slice", "MR", "pelvis", (1, 256, 256)),
        ("nm_jpeg_lossless", "UNKNOWN", "whole body", (1, 256, 1024)),
        ("nm_jpeg_extended_12bit", "UNKNOWN", "whole body", (1, 256, 1024)),
        ("ot_deflated", "UNKNOWN", None, (1, 512, 512)),
        ("pm_float", "UNKNOWN", None, (1, 128, 128)),
    ],
)
def test_a_single_file_tells_modality_and_body_region(
    dicom: Path, name: str, modality: str, body_region: str | None, shape: tuple[int, ...]
) -> None:
    scan = read_image(dicom / "single" / f"{name}.dcm")
    assert (scan.modality.value, scan.body_region, scan.array.shape) == (modality, body_region, shape)
    assert len(scan.source.sop_instance_uids) == 1


@pytest.mark.parametrize(
    "name", ["ct_small", "ct_flipped_j2k_vr_un", "ct_gantry_tilt_j2k_pixelrep_mismatch", "mr_oblique_adc_slice"]
)
def test_a_single_slice_keeps_values_and_plane_as_simpleitk_reads_them(dicom: Path, name: str) -> None:
    path = dicom / "single" / f"{name}.dcm"
    scan, reference = read_image(path), SimpleITK.ReadImage(str(path))
    np.testing.assert_array_equal(scan.array[0], SimpleITK.GetArrayFromImage(reference)[0].T)
    corners = [(0, 0), (10, 3), (40, 60)]
    physical = [reference.TransformIndexToPhysicalPoint((x, y, 0)) for x, y in corners]
    np.testing.assert_allclose(scan.frame.index_to_world(corners), np.array(physical) * [-1, -1, 1], atol=1e-3)


def test_every_body_part_is_one_of_the_ontologys_regions() -> None:
    known = load_body_regions(Path(ontology.__file__).parent / "tables" / "body_regions.tsv")
    with (Path(readers.__file__).parent / "body_parts.tsv").open(encoding="utf-8") as file:
        regions = {line.rstrip("\n").split("\t")[1] for line in file.readlines()[1:]}
    assert regions <= set(known)


def test_several_body_parts_in_one_word_are_no_region(write_dicom: Callable[..., Path]) -> None:
    path = write_dicom("a.dcm", np.zeros((2, 2), np.uint8), BodyPartExamined="CHESTABDPELVIS")
    assert read_image(path).body_region is None


def test_a_float_map_of_one_frame_takes_its_place_from_functional_groups(dicom: Path) -> None:
    scan = read_image(dicom / "single" / "pm_float.dcm")
    assert scan.array.dtype == np.float32
    assert 0.9 < scan.array.max() < 1
    np.testing.assert_allclose(scan.frame.spacing_mm, [0.661468, 0.661468])


def test_monochrome1_is_inverted_so_that_bone_is_bright(dicom: Path) -> None:
    path = dicom / "single" / "dx_dog_chest_mono1.dcm"
    stored = pydicom.dcmread(path).pixel_array.astype(int)
    np.testing.assert_array_equal(read_image(path).array[0], 255 - stored.T)


def test_a_film_knows_left_and_right_from_patient_orientation(dicom: Path) -> None:
    frame = read_image(dicom / "single" / "dx_dog_chest_mono1.dcm").frame
    assert frame.known_axes == {AxisPair.LEFT_RIGHT, AxisPair.INFERIOR_SUPERIOR}
    # L\F: columns count to the patient's left (RAS -x), rows to the feet (RAS -z).
    np.testing.assert_array_equal(frame.affine[:3, :2].T, [[-1, 0, 0], [0, 0, -1]])


def test_a_detectors_pixel_spacing_is_not_taken_for_millimeters_in_the_patient(dicom: Path) -> None:
    assert not read_image(dicom / "single" / "dx_dog_chest_mono1.dcm").frame.spacing_known


def test_instances_are_listed_in_the_order_of_the_last_axis(dicom: Path) -> None:
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in (dicom / "mr_sts025").iterdir()]
    by_height = sorted(headers, key=lambda header: header.ImagePositionPatient[2])
    expected = tuple(header.SOPInstanceUID for header in by_height)
    assert read_image(dicom / "mr_sts025").source.sop_instance_uids == expected


def test_the_users_modality_overrules_the_header(dicom: Path) -> None:
    assert read_image(dicom / "single" / "ct_small.dcm", modality="mri").modality is Modality.MR


def test_files_need_no_suffix_and_other_files_beside_a_series_do_no_harm(dicom: Path, tmp_path: Path) -> None:
    for number, path in enumerate(sorted((dicom / "ct_tiny_24x38x3").iterdir())):
        shutil.copy(path, tmp_path / f"IM{number}")
    (tmp_path / "README.txt").write_text("three slices")
    scan = read_image(tmp_path)
    np.testing.assert_array_equal(scan.array, read_image(dicom / "ct_tiny_24x38x3").array)


def test_a_folder_of_one_image_gives_a_2d_scan(dicom: Path, tmp_path: Path) -> None:
    shutil.copy(dicom / "single" / "ct_small.dcm", tmp_path)
    assert read_image(tmp_path).array.shape == (1, 128, 128)


def test_mixed_series_are_refused(dicom: Path, tmp_path: Path) -> None:
    shutil.copy(dicom / "single" / "ct_small.dcm", tmp_path)
    shutil.copy(dicom / "single" / "mr_small.dcm", tmp_path)
    with pytest.raises(UnsupportedImageError, match=r"found 2 \(images: CT with 1, MR with 1\)"):
        read_image(tmp_path)


def test_an_empty_slice_is_refused(write_series: Callable[..., Path]) -> None:
    folder = write_series("s", [0, 1, 2])
    (folder / "1.dcm").write_bytes(b"")
    with pytest.raises(ImageReadError, match=r"1\.dcm: .* empty"):
        read_image(folder)


def test_a_truncated_slice_is_refused_by_name(write_series: Callable[..., Path]) -> None:
    folder = write_series("s", [0, 1, 2])
    whole = (folder / "1.dcm").read_bytes()
    (folder / "1.dcm").write_bytes(whole[:-8])
    with pytest.raises(ImageReadError, match=r"1\.dcm"):
        read_image(folder)


def test_every_slice_has_its_own_rescale(write_series: Callable[..., Path]) -> None:
    folder = write_series("s", [0, 2, 4], RescaleSlope=("1", "0.3", "2"), RescaleIntercept=("0", "-1000.5", "1"))
    values = read_image(folder).array[0, 0, 0]
    np.testing.assert_allclose(values, [0, 1 * 0.3 - 1000.5, 2 * 2 + 1])
    assert values.dtype == np.float32


def test_slices_are_sorted_by_position_not_by_name(write_series: Callable[..., Path]) -> None:
    scan = read_image(write_series("s", [6, 0, 3]))
    np.testing.assert_array_equal(scan.array[0, 0, 0], [1, 2, 0])
    np.testing.assert_allclose(scan.frame.spacing_mm, [1, 1, 3])


@pytest.mark.parametrize(
    ("positions", "attributes", "found"),
    [
        ([0, 1, 1, 2], {}, r"1 slice\(s\) at the position of another one"),
        (
            [0, 1, 2],
            {"PixelSpacing": ([1, 1], [1, 1], [2, 2])},
            r"found 2: 3 x 4 x 2 axial; 1 slice",
        ),
        (
            [0, 1],
            {"ImageOrientationPatient": ([1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, 1])},
            "found 2: 2 slice",
        ),
        ([0, 1, 2], {"ImagePositionPatient": ([0, 0, 0], [9, 0, 1], [0, 0, 2])}, "shifted sideways by up to 9.00"),
        ([0, 1], {"ImagePositionPatient": ""}, r"2 picture\(s\) in color or without position"),
        ([0, 1], {"FrameOfReferenceUID": ("1.2", "1.3")}, r"2 slice"),
        ([0, 1], {"PixelSpacing": [0, 1]}, r"2 picture\(s\) in color or without position"),
    ],
)
def test_slices_that_are_no_grid_are_refused(
    write_series: Callable[..., Path], positions: list[float], attributes: dict[str, object], found: str
) -> None:
    with pytest.raises(UnsupportedImageError, match=found):
        read_image(write_series("s", positions, **attributes))


def test_a_localizer_beside_slices_is_left_out(write_series: Callable[..., Path]) -> None:
    kinds = (["ORIGINAL", "PRIMARY", "LOCALIZER"], ["ORIGINAL", "PRIMARY", "AXIAL"], ["ORIGINAL", "PRIMARY", "AXIAL"])
    assert read_image(write_series("s", [50, 0, 1], ImageType=kinds)).array.shape == (1, 3, 4, 2)


def test_pixel_spacing_gives_the_distance_of_rows_first(write_dicom: Callable[..., Path]) -> None:
    path = write_dicom("a.dcm", np.zeros((5, 7), np.uint8), PixelSpacing=[3, 1])
    frame = read_image(path).frame
    assert (frame.shape, frame.spacing_mm) == ((7, 5), (1.0, 3.0))


def test_padding_becomes_the_lowest_real_value_even_with_the_wrong_sign(write_dicom: Callable[..., Path]) -> None:
    pixels = np.array([[-2000, 40], [-30, -2000]], np.int16)
    path = write_dicom("a.dcm", pixels, PixelPaddingValue=-2000, RescaleSlope="1", RescaleIntercept="-10")
    np.testing.assert_array_equal(read_image(path).array[0].T, [[-40, 30], [-40, -40]])


def test_measured_values_are_not_inverted(write_dicom: Callable[..., Path]) -> None:
    pixels = np.array([[1, 2]], np.uint8)
    ct = write_dicom("a.dcm", pixels, PhotometricInterpretation="MONOCHROME1")
    film = write_dicom("b.dcm", pixels, PhotometricInterpretation="MONOCHROME1", Modality="DX")
    assert read_image(ct).array.ravel().tolist() == [1, 2]
    assert read_image(film).array.ravel().tolist() == [254, 253]


def test_color_comes_as_three_channels(write_dicom: Callable[..., Path]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    scan = read_image(write_dicom("a.dcm", pixels, Modality="ES"))
    np.testing.assert_array_equal(scan.array, pixels.transpose(2, 1, 0))
    assert scan.modality is Modality.ES


def test_a_palette_comes_as_color(write_dicom: Callable[..., Path]) -> None:
    tables = {}
    for name, values in (("Red", [0, 255]), ("Green", [0, 128]), ("Blue", [9, 7])):
        tables[f"{name}PaletteColorLookupTableDescriptor"] = [2, 0, 8]
        tables[f"{name}PaletteColorLookupTableData"] = bytes(values)
    path = write_dicom("a.dcm", np.array([[0, 1]], np.uint8), PhotometricInterpretation="PALETTE COLOR", **tables)
    np.testing.assert_array_equal(read_image(path).array[:, :, 0].T, [[0, 0, 9], [255, 128, 7]])


def test_directions_that_are_not_at_right_angles_are_refused(write_dicom: Callable[..., Path]) -> None:
    path = write_dicom("a.dcm", np.zeros((2, 2), np.uint8), ImageOrientationPatient=[1, 0, 0, 0.5, 0.5, 0])
    with pytest.raises(ImageReadError, match="two unit vectors at a right angle"):
        read_image(path)


def test_a_header_that_promises_too_many_pixels_is_refused_before_decoding(write_dicom: Callable[..., Path]) -> None:
    path = write_dicom("a.dcm", np.zeros((2, 2), np.uint8), Rows=40000, Columns=40000)
    with pytest.raises(UnsupportedImageError, match=r"at most 536,870,912 pixels, the header says \(40000, 40000\)"):
        read_image(path)


def test_without_pydicom_the_extra_is_named(dicom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(ImageReadError, match=r"pip install monai_medglip\[dicom\]"):
        read_image(dicom / "single" / "ct_small.dcm")
