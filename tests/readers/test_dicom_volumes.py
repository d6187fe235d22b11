# SPDX-License-Identifier: Apache-2.0
"""Tests of series with several volumes, of enhanced objects and of clips."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import highdicom
import numpy as np
import pytest
import SimpleITK
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from monai_medglip.errors import ConfigurationError, ImageReadError, UnsupportedImageError
from monai_medglip.imaging import Modality
from monai_medglip.readers import read_dicom_frame, read_dicom_volumes, read_image
from tests.volume_files import dicom_slice

WriteSeries = Callable[..., Path]
TWICE = [0, 2, 4, 0, 2, 4]


@pytest.fixture
def dicom(shared_data: Path) -> Path:
    return shared_data / "dicom"


def values(folder: Path) -> list[list[float]]:
    """The first pixel of every slice by volume; the writer gives each file's pixels its number."""
    return [scan.array[0, 0, 0].tolist() for scan in read_dicom_volumes(folder)]


def names(folder: Path) -> list[str]:
    return [scan.source.volume for scan in read_dicom_volumes(folder)]


@pytest.mark.parametrize(
    ("keyword", "first", "second"),
    [
        ("EchoTime", "4.6", "9.2"),
        ("AcquisitionNumber", 1, 2),
        ("TemporalPositionIdentifier", 1, 2),
        ("DiffusionBValue", 0.0, 1000.0),
        ("ConvolutionKernel", "B30f", "B70f"),
        ("ImageType", ["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"]),
        ("AcquisitionTime", "101010", "101055.5"),
    ],
)
def test_an_attribute_tells_two_volumes_apart(
    write_series: WriteSeries, keyword: str, first: object, second: object
) -> None:
    folder = write_series("s", TWICE, **{keyword: (second,) * 3 + (first,) * 3})
    assert values(folder) == [[3, 4, 5], [0, 1, 2]]
    assert all(name.startswith(keyword) for name in names(folder))


def test_several_volumes_are_named_where_one_is_asked_for(write_series: WriteSeries) -> None:
    folder = write_series("s", TWICE, EchoTime=("9",) * 3 + ("12",) * 3)
    with pytest.raises(UnsupportedImageError) as error:
        read_image(folder)
    assert "found 2: 3 x 4 x 3 axial, EchoTime 9; 3 x 4 x 3 axial, EchoTime 12. read_dicom_volumes(" in str(error.value)


def test_two_attributes_together_tell_four_volumes_apart(write_series: WriteSeries) -> None:
    echoes, phases = ("1", "1", "2", "2") * 2, (1,) * 4 + (2,) * 4
    folder = write_series("s", [0, 2] * 4, EchoTime=echoes, AcquisitionNumber=phases)
    assert values(folder) == [[0, 1], [4, 5], [2, 3], [6, 7]]
    assert names(folder)[1] == "EchoTime 1, AcquisitionNumber 2"


def test_directions_of_one_b_value_are_volumes_beside_the_one_without(write_series: WriteSeries) -> None:
    b_values = (0.0,) * 2 + (1000.0,) * 4
    directions = (None,) * 2 + ([1.0, 0.0, 0.0],) * 2 + ([0.0, 1.0, 0.0],) * 2
    folder = write_series("s", [0, 2] * 3, DiffusionBValue=b_values, DiffusionGradientOrientation=directions)
    assert sorted(values(folder)) == [[0, 1], [2, 3], [4, 5]]


def test_phases_may_cover_different_lengths(write_series: WriteSeries) -> None:
    folder = write_series("s", [2, 4, 0, 2, 4, 6], AcquisitionNumber=(1, 1, 2, 2, 2, 2))
    assert values(folder) == [[0, 1], [2, 3, 4, 5]]


def test_trigger_times_that_drift_are_ranked_at_every_position(write_series: WriteSeries) -> None:
    folder = write_series("s", [0, 0, 2, 2], TriggerTime=("30", "0", "1", "33"))
    assert values(folder) == [[1, 2], [0, 3]]


def test_equal_times_at_every_second_position_make_no_volume(write_series: WriteSeries) -> None:
    z = [2 * position for position in range(6) for _ in range(3)]
    times = tuple(str(100 * phase + position % 2) for position in range(6) for phase in range(3))
    assert values(write_series("s", z, TriggerTime=times)) == [[*range(phase, 18, 3)] for phase in range(3)]


def test_thin_and_thick_slices_of_one_series_are_two_volumes(write_series: WriteSeries) -> None:
    folder = write_series("s", [0, 1, 2, 3, 4, 0, 2, 4], ConvolutionKernel=("B70f",) * 5 + ("B30f",) * 3)
    assert [scan.frame.spacing_mm[2] for scan in read_dicom_volumes(folder)] == [2, 1]


def test_volumes_numbered_in_blocks_are_told_apart(write_series: WriteSeries) -> None:
    folder = write_series("s", TWICE, InstanceNumber=(4, 5, 6, 1, 2, 3))
    assert values(folder) == [[3, 4, 5], [0, 1, 2]]


def test_a_b_value_is_found_where_older_scanners_keep_it(write_series: WriteSeries) -> None:
    folder = write_series("s", TWICE)
    for path in sorted(folder.iterdir()):
        dataset = dicom_of(path)
        block = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
        block.add_new(0x39, "IS", [1000000800 if int(path.stem) < 3 else 0, 8, 0])
        dataset.save_as(path)
    assert names(folder) == ["DiffusionBValue 0", "DiffusionBValue 800"]


def test_what_nothing_tells_apart_is_refused(write_series: WriteSeries) -> None:
    with pytest.raises(UnsupportedImageError, match=r"3 slice\(s\) at the position of another one"):
        read_dicom_volumes(write_series("s", TWICE))


def test_a_gap_in_one_phase_is_refused_and_the_phase_named(write_series: WriteSeries) -> None:
    folder = write_series("s", [0, 2, 4, 6, 0, 2, 6, 8], AcquisitionNumber=(1,) * 4 + (2,) * 4)
    with pytest.raises(UnsupportedImageError, match=r"missing.* in the volume of AcquisitionNumber 2"):
        read_dicom_volumes(folder)


def test_a_gap_is_not_hidden_by_taking_its_sides_for_two_volumes(write_series: WriteSeries) -> None:
    folder = write_series("s", [0, 2, 6, 8], AcquisitionNumber=(1, 1, 2, 2))
    with pytest.raises(UnsupportedImageError, match="slices missing"):
        read_dicom_volumes(folder)


def test_orientations_and_pixel_sizes_are_volumes_of_their_own(write_series: WriteSeries) -> None:
    coronal = [1, 0, 0, 0, 0, -1]
    folder = write_series(
        "s",
        [0, 2, 0, 0, 0, 2],
        ImageOrientationPatient=([1, 0, 0, 0, 1, 0],) * 2 + (coronal,) * 2 + ([1, 0, 0, 0, 1, 0],) * 2,
        ImagePositionPatient=([0, 0, 0], [0, 0, 2], [0, 0, 0], [0, 3, 0], [0, 0, 0], [0, 0, 2]),
        PixelSpacing=([1, 1],) * 4 + ([2, 2],) * 2,
    )
    scans = read_dicom_volumes(folder)
    assert [scan.frame.spacing_mm for scan in scans] == [(1, 1, 2), (1, 1, 3), (2, 2, 2)]
    np.testing.assert_allclose(np.abs(scans[1].frame.affine[:3, 2]), [0, 3, 0])


def test_a_second_copy_of_a_file_is_left_out(dicom: Path, tmp_path: Path) -> None:
    shutil.copytree(dicom / "ct_tiny_24x38x3", tmp_path / "s")
    first = sorted((tmp_path / "s").iterdir())[0]
    shutil.copy(first, tmp_path / "s" / "copy.dcm")
    assert read_image(tmp_path / "s").spatial_shape == (24, 38, 3)


def test_two_files_that_claim_to_be_one_instance_are_refused(write_series: WriteSeries) -> None:
    folder = write_series("s", [0, 1, 2], SOPInstanceUID=("1.2.1", "1.2.2", "1.2.2"))
    with pytest.raises(ImageReadError, match=r"1\.dcm and 2\.dcm have the same SOPInstanceUID"):
        read_image(folder)


def test_an_enhanced_object_equals_the_classic_series(dicom: Path) -> None:
    classic = read_image(dicom / "ct_tiny_24x38x3")
    enhanced = read_image(dicom / "enhanced" / "ct_multiframe_24x38x3.dcm")
    np.testing.assert_array_equal(enhanced.array, classic.array)
    assert enhanced.frame == classic.frame
    assert enhanced.source.frame_numbers == (1, 2, 3)
    assert len(set(enhanced.source.sop_instance_uids)) == 1


def test_an_enhanced_object_has_highdicoms_geometry_and_values(dicom: Path) -> None:
    path = dicom / "enhanced" / "eCT_Supplemental_rle.dcm"
    volume = highdicom.imread(path).get_volume(apply_palette_color_lut=False, apply_icc_profile=False)
    scan = read_image(path)
    theirs = np.random.default_rng(0).integers(0, volume.array.shape, (2000, 3))
    ours = scan.frame.world_to_index(volume.map_indices_to_reference(theirs) * [-1, -1, 1])
    np.testing.assert_allclose(ours, ours.round(), atol=1e-3)
    x, y, z = ours.round().astype(int).T
    np.testing.assert_array_equal(scan.array[0, x, y, z], volume.array[tuple(theirs.T)])


@pytest.mark.parametrize("name", ["emri_small_RLE", "emri_small_jpeg_2k_lossless", "emri_small_jpeg_ls_lossless"])
def test_frames_are_the_same_in_every_encoding(dicom: Path, name: str) -> None:
    plain = read_dicom_volumes(dicom / "enhanced" / "emri_small.dcm")
    coded = read_dicom_volumes(dicom / "enhanced" / f"{name}.dcm")
    assert len(coded) == 10
    for one, other in zip(plain, coded, strict=True):
        np.testing.assert_array_equal(one.array, other.array)


def test_frames_of_an_enhanced_object_have_their_own_rescale_and_are_split(tmp_path: Path) -> None:
    path = tmp_path / "enhanced.dcm"
    enhanced_mr([(0.0, 0, "1"), (2.0, 0, "0.5"), (0.0, 1000, "1"), (2.0, 1000, "3")]).save_as(path)
    first, second = read_dicom_volumes(path)
    assert (first.source.volume, second.source.volume) == ("DiffusionBValue 0.0", "DiffusionBValue 1000.0")
    assert first.array[0, 0, 0].tolist() == [0, 0.5]
    assert second.array[0, 0, 0].tolist() == [2, 9]
    assert second.source.frame_numbers == (3, 4)


def test_functional_groups_that_are_too_few_are_refused(tmp_path: Path) -> None:
    dataset = enhanced_mr([(0.0, 0, "1"), (2.0, 0, "1")])
    del dataset.PerFrameFunctionalGroupsSequence[1]
    dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(ImageReadError, match="functional groups for each of 2 frames, found 1"):
        read_image(tmp_path / "a.dcm")


def test_a_clip_is_read_frame_by_frame_as_simpleitk_reads_it(dicom: Path) -> None:
    path = dicom / "single" / "us_clip_jpeg_ybr_30frames.dcm"
    reference = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
    scans = read_dicom_volumes(path)
    assert len(scans) == 30
    assert scans[0].modality is Modality.US
    # Decoders of lossy JPEG round differently.
    for scan, picture in zip(scans, reference, strict=True):
        np.testing.assert_allclose(scan.array.astype(int), picture.T.astype(int), atol=3)


def test_one_frame_of_a_clip_is_chosen_by_its_number(dicom: Path) -> None:
    path = dicom / "single" / "us_clip_jpeg_ybr_30frames.dcm"
    scan = read_dicom_frame(path, 7)
    np.testing.assert_array_equal(scan.array, read_dicom_volumes(path)[6].array)
    assert scan.source.frame_numbers == (7,)


def test_a_frame_that_is_not_there_is_refused(dicom: Path) -> None:
    with pytest.raises(ConfigurationError, match="frame number from 1 to 30, got 31"):
        read_dicom_frame(dicom / "single" / "us_clip_jpeg_ybr_30frames.dcm", 31)


def test_pictures_of_a_secondary_capture_series_come_one_by_one(write_dicom: Callable[..., Path]) -> None:
    for number in range(3):
        path = write_dicom(f"s/{number}.dcm", np.full((4, 6, 3), number, np.uint8), Modality="OT")
    scans = read_dicom_volumes(path.parent)
    assert [scan.array[0, 0, 0] for scan in scans] == [0, 1, 2]


def dicom_of(path: Path) -> Dataset:
    import pydicom

    return pydicom.dcmread(path)


def enhanced_mr(frames: list[tuple[float, int, str]]) -> Dataset:
    """An enhanced object of frames with position z, b-value and slope; a frame's pixels are its index."""
    dataset = dicom_slice(np.zeros((4, 3), np.int16), Modality="MR", NumberOfFrames=len(frames))
    dataset.PixelData = b"".join(np.full((4, 3), index, np.int16).tobytes() for index in range(len(frames)))
    shared = Dataset()
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    shared.PixelMeasuresSequence = item(PixelSpacing=[1, 1], SliceThickness="2")
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for z, b_value, slope in frames:
        group = Dataset()
        group.PlanePositionSequence = item(ImagePositionPatient=[0, 0, z])
        group.MRDiffusionSequence = item(DiffusionBValue=float(b_value))
        group.PixelValueTransformationSequence = item(RescaleSlope=slope, RescaleIntercept="0", RescaleType="US")
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return dataset


def item(**attributes: object) -> Sequence:
    """A sequence of one item with attributes by keyword."""
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return Sequence([dataset])
