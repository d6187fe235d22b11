# SPDX-License-Identifier: Apache-2.0
"""CHAOS: label pictures belong to slices by the order of names, wherever the slices lie in the patient."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from monai_medglip.errors import DataError
from monai_medglip.imaging.modality import Modality
from tests.data_engine.adapters.dicom_phantom import COLUMNS, ROWS, SLICES, write_series
from tests.data_engine.adapters.reading import read_card, read_layout, write_picture

LAYOUT = {"reader": "slice_pictures", "images": "{id}/DICOM_anon", "masks": "{id}/Ground/*.png"}


def labels(seed=0):
    """(x, y, z) numbers of MR's organs, the slices along the normal of the series."""
    return np.random.default_rng(seed).choice([0, 63, 126, 189, 252], (COLUMNS, ROWS, SLICES)).astype(np.uint8)


def write(folder, truth):
    """Slices whose names are in another order than their places, and pictures in the order of the names."""
    write_series(folder / "DICOM_anon")
    names = {f"{(number * 5) % 7}.dcm": number for number in range(SLICES)}
    for place, name in enumerate(sorted(names)):
        # The tenth picture comes after the ninth, not after the first.
        write_picture(folder / "Ground" / f"IMG-0004-{place + 8}.png", truth[:, :, names[name]])
    return folder


def test_each_picture_lies_on_the_slice_of_the_same_rank(tmp_path):
    truth = labels()
    write(tmp_path / "Train_Sets" / "MR" / "1" / "T2SPIR", truth)
    ((item, drawn),) = read_card(tmp_path, "chaos").values()
    assert (item.modality, item.patient) == (Modality.MR, "MR-1")
    assert [annotation.value for annotation in drawn] == ["63", "126", "189", "252"]
    for annotation in drawn:
        assert np.array_equal(annotation.mask.decode(), truth == int(annotation.value))


def test_the_two_phases_of_a_series_share_its_pictures_and_ct_has_its_own(tmp_path):
    for folder in ("MR/1/T1DUAL", "CT/2"):
        write(tmp_path / "Train_Sets" / folder, labels())
    dual = tmp_path / "Train_Sets" / "MR" / "1" / "T1DUAL" / "DICOM_anon"
    for phase in ("InPhase", "OutPhase"):
        write_series(dual / phase)
    for path in dual.glob("*.dcm"):
        path.unlink()
    read = read_card(tmp_path, "chaos")
    assert sorted(item.modality for item, _ in read.values()) == [Modality.CT, Modality.MR, Modality.MR]
    assert all(len(drawn) == 4 for _, drawn in read.values())


def test_a_missing_picture_or_slice_is_an_error_and_shifts_nothing(tmp_path):
    folder = write(tmp_path / "a", labels())
    (folder / "Ground" / "IMG-0004-9.png").unlink()
    with pytest.raises(DataError, match="expected a label picture for each slice, got 5 pictures and 6 files"):
        read_layout(tmp_path, LAYOUT)


def test_a_picture_of_another_size_is_named(tmp_path):
    folder = write(tmp_path / "a", labels())
    write_picture(folder / "Ground" / "IMG-0004-9.png", np.zeros((ROWS, COLUMNS), np.uint8))
    with pytest.raises(DataError, match=r"IMG-0004-9.png: expected a mask of \(30, 24\)"):
        read_layout(tmp_path, LAYOUT)


def test_a_file_that_is_no_slice_is_named(tmp_path):
    folder = write(tmp_path / "a", labels())
    (folder / "DICOM_anon" / "notes.txt").write_text("no slice")
    with pytest.raises(DataError, match=r"notes.txt: expected a slice of a DICOM series"):
        read_layout(tmp_path, LAYOUT)


def test_the_masks_of_ircadb_are_series_of_their_own(tmp_path):
    base = tmp_path / "3Dircadb1.7"
    write_series(base / "PATIENT_DICOM")
    truth = {}
    for seed, name in enumerate(("liver", "livertumor01", "livertumor02", "bone")):
        truth[name] = np.random.default_rng(seed).integers(0, 2, (SLICES, ROWS, COLUMNS)).astype(bool)
        for dataset in write_series(base / "MASKS_DICOM" / name, series=f"1.2.3.{seed}"):
            number = SLICES - int(dataset.InstanceNumber)
            dataset.PixelData = (truth[name][number] * np.int16(255)).tobytes()
            dataset.save_as(base / "MASKS_DICOM" / name / f"{(number * 5) % 7}.dcm", enforce_file_format=True)
    ((_, drawn),) = read_card(tmp_path, "ircadb").values()
    assert [annotation.value for annotation in drawn] == ["liver", "livertumor", "livertumor"]
    for annotation, name in zip(drawn, truth, strict=False):
        assert np.array_equal(annotation.mask.decode(), truth[name].transpose(2, 1, 0))


def test_pictures_of_one_bit_hold_the_number_1(tmp_path):
    folder = tmp_path / "Train_Sets" / "CT" / "1"
    liver = np.random.default_rng(1).integers(0, 2, (COLUMNS, ROWS, SLICES)).astype(bool)
    write(folder, liver)
    with Image.open(folder / "Ground" / "IMG-0004-9.png") as picture:
        assert picture.mode == "1"
    ((_, (annotation,)),) = read_card(tmp_path, "chaos").values()
    assert (annotation.value, annotation.mask.area) == ("1", liver.sum())
