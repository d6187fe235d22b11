# SPDX-License-Identifier: Apache-2.0
"""DICOM SEG as highdicom writes it, as others wrote it, and on grids that are not the series'."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from monai_medglip.errors import DataError
from tests.data_engine.adapters.dicom_phantom import COLUMNS, ROWS, SLICES, write_series
from tests.data_engine.adapters.reading import block, read_layout

highdicom = pytest.importorskip("highdicom", reason="highdicom (extra dicom) is not installed")
codes = pytest.importorskip("pydicom.sr.codedict").codes

SHAPE = (COLUMNS, ROWS, SLICES)
LIVER = block(SHAPE, (3, 15), (4, 19), (0, 5))
TUMOR = block(SHAPE, (10, 20), (9, 13), (3, 4))  # in the liver and beside it
LAYOUT = {"reader": "dicom", "images": "ct", "annotations": "seg/*.dcm"}


def _segmentation(slices, frames, kind, labels=("Liver", "Tumor"), **options):
    """Segment frames (slices, rows, columns[, segments]) in the order of the slices along the normal."""
    algorithm = highdicom.AlgorithmIdentificationSequence("hand", codes.DCM.ArtificialIntelligence, "1")
    descriptions = [
        highdicom.seg.SegmentDescription(
            number, label, codes.SCT.Organ, codes.SCT.Liver, "SEMIAUTOMATIC", algorithm_identification=algorithm
        )
        for number, label in enumerate(labels, start=1)
    ]
    return highdicom.seg.Segmentation(
        source_images=slices,
        pixel_array=frames,
        segmentation_type=kind,
        segment_descriptions=descriptions,
        series_instance_uid="1.2.3.4",
        series_number=2,
        sop_instance_uid="1.2.3.4.5",
        instance_number=1,
        manufacturer="none",
        manufacturer_model_name="none",
        software_versions="1",
        device_serial_number="1",
        **options,
    )


def _as_frames(*masks):
    """(x, y, z) masks as frames (slices, rows, columns, segments)."""
    return np.stack([mask.T for mask in masks], axis=-1)


def _read(root, segmentation, **words):
    (root / "seg").mkdir()
    segmentation.save_as(root / "seg" / "1.dcm")
    ((_, drawn),) = read_layout(root, {**LAYOUT, **words}).values()
    return drawn


def test_overlapping_segments_are_annotations_of_their_own(tmp_path):
    slices = write_series(tmp_path / "ct")
    liver, tumor = _read(tmp_path, _segmentation(slices, _as_frames(LIVER, TUMOR).astype(np.uint8), "BINARY"))
    assert (liver.value, tumor.value) == ("Liver", "Tumor")
    assert np.array_equal(liver.mask.decode(), LIVER)
    assert np.array_equal(tumor.mask.decode(), TUMOR)
    assert dict(liver.attributes) == {"property_type": "Liver", "algorithm_type": "SEMIAUTOMATIC"}


def test_a_fraction_of_a_half_is_inside(tmp_path):
    slices = write_series(tmp_path / "ct")
    fractions = LIVER * np.float32(0.502) + TUMOR * np.float32(0.3)
    fractions[0, 0, :] = 0.49
    segmentation = _segmentation(
        slices, fractions.T, "FRACTIONAL", ["Liver"], fractional_type="PROBABILITY", max_fractional_value=255
    )
    (liver,) = _read(tmp_path, segmentation)
    assert np.array_equal(liver.mask.decode(), LIVER)


def test_a_label_map_is_read_like_separate_segments(tmp_path):
    slices = write_series(tmp_path / "ct")
    labels = np.where(TUMOR, 2, LIVER).astype(np.uint8)
    liver, tumor = _read(tmp_path, _segmentation(slices, labels.T, "LABELMAP"))
    assert np.array_equal(liver.mask.decode(), LIVER & ~TUMOR)
    assert np.array_equal(tumor.mask.decode(), TUMOR)


def test_an_empty_segment_is_no_annotation(tmp_path):
    slices = write_series(tmp_path / "ct")
    frames = _as_frames(LIVER, np.zeros(SHAPE)).astype(np.uint8)
    drawn = _read(tmp_path, _segmentation(slices, frames, "BINARY"))
    assert [annotation.value for annotation in drawn] == ["Liver"]


def test_a_segmentation_of_a_part_of_the_image_is_put_where_it_belongs(tmp_path):
    """Writers crop frames to what is drawn; their first pixel then lies elsewhere."""
    slices = write_series(tmp_path / "ct")
    segmentation = _segmentation(slices, _as_frames(LIVER).astype(np.uint8), "BINARY", ["Liver"])
    volume = segmentation.get_volume(combine_segments=True)
    cropped = volume[:, 2:20, 1:17]
    part = highdicom.seg.Segmentation.from_dataset(_without_references(_of_volume(slices, cropped)), copy=False)
    (liver,) = _read(tmp_path, part)
    assert np.array_equal(liver.mask.decode(), LIVER)


def _of_volume(slices, volume):
    return _segmentation(slices, volume, "BINARY", ["Liver"])


def _without_references(dataset):
    for group in dataset.PerFrameFunctionalGroupsSequence:
        if "DerivationImageSequence" in group:
            del group.DerivationImageSequence
    return dataset


def _shifted(dataset, pixels):
    """Move a segmentation along the rows, the references as they were."""
    orientation = dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient
    spacing = float(dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[1])
    step = np.array(orientation[:3], float) * spacing * pixels
    for group in dataset.PerFrameFunctionalGroupsSequence:
        place = group.PlanePositionSequence[0]
        place.ImagePositionPatient = [f"{value:.8g}" for value in np.array(place.ImagePositionPatient, float) + step]
    return dataset


def test_frames_beside_the_pixels_of_the_series_are_refused(tmp_path):
    slices = write_series(tmp_path / "ct")
    moved = _shifted(_segmentation(slices, _as_frames(LIVER).astype(np.uint8), "BINARY", ["Liver"]), 0.4)
    with pytest.raises(DataError, match=r"frame 1: expected frames on the pixels of the series, .* 0.40 pixels beside"):
        _read(tmp_path, moved)


def test_frames_moved_by_whole_pixels_are_read_there(tmp_path):
    slices = write_series(tmp_path / "ct")
    moved = _shifted(_segmentation(slices, _as_frames(LIVER).astype(np.uint8), "BINARY", ["Liver"]), -5)
    (liver,) = _read(tmp_path, moved)
    assert np.array_equal(liver.mask.decode(), block(SHAPE, (0, 10), (4, 19), (0, 5)))


def test_a_segmentation_of_another_series_is_refused(tmp_path):
    others = write_series(tmp_path / "other", series="1.2.9", frame="1.2.10")
    write_series(tmp_path / "ct")
    with pytest.raises(DataError, match=r"expected a SEG or RTSTRUCT that was drawn on .*refers to the series 1.2.9"):
        _read(tmp_path, _segmentation(others, _as_frames(LIVER).astype(np.uint8), "BINARY", ["Liver"]))


def test_a_damaged_file_is_named(tmp_path):
    slices = write_series(tmp_path / "ct")
    segmentation = _segmentation(slices, _as_frames(LIVER).astype(np.uint8), "BINARY", ["Liver"])
    del segmentation.SegmentSequence
    (tmp_path / "seg").mkdir()
    pydicom.dcmwrite(tmp_path / "seg" / "1.dcm", segmentation)
    with pytest.raises(DataError, match=r"seg/1.dcm: expected a whole and readable DICOM object"):
        read_layout(tmp_path, LAYOUT)


def test_a_folder_without_segmentations_is_named(tmp_path):
    write_series(tmp_path / "ct")
    write_series(tmp_path / "seg", series="1.2.9")
    with pytest.raises(DataError, match="found none of either kind"):
        read_layout(tmp_path, LAYOUT)


def test_real_segments_of_a_real_series(shared_data):
    """The pixels of each frame, unpacked by pydicom, at the slice whose UID the frame names."""
    folder = shared_data / "dicom"
    path = folder / "seg" / "ct_3slice_partial_overlaps.dcm"
    layout = {"reader": "dicom", "images": "ct_3slice", "annotations": "seg/ct_3slice_partial_overlaps.dcm"}
    ((item, drawn),) = read_layout(folder, layout).values()
    uids = item.read().source.sop_instance_uids
    dataset = pydicom.dcmread(path)
    truth = {segment.SegmentLabel: np.zeros((512, 512, 3), bool) for segment in dataset.SegmentSequence}
    for pixels, group in zip(dataset.pixel_array, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        source = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        truth[dataset.SegmentSequence[number - 1].SegmentLabel][:, :, uids.index(source)] |= pixels.T > 0
    assert [annotation.value for annotation in drawn] == list(truth)
    assert all(np.array_equal(annotation.mask.decode(), truth[annotation.value]) for annotation in drawn)
    covered = sum(mask.astype(int) for mask in truth.values())
    assert covered.max() > 1


def test_real_rows_that_are_no_whole_bytes(shared_data):
    layout = {"reader": "dicom", "images": "ct_tiny_24x38x3", "annotations": "seg/ct_tiny_24x38x3.dcm"}
    ((_, (liver,)),) = read_layout(shared_data / "dicom", layout).values()
    frames = pydicom.dcmread(shared_data / "dicom" / "seg" / "ct_tiny_24x38x3.dcm").pixel_array
    assert liver.mask.area == frames.sum() == 315
