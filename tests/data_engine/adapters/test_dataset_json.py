# SPDX-License-Identifier: Apache-2.0
"""dataset.json of the Decathlon and of nnU-Net: names of labels, sequences in 4D files or in files of their own."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import read_card, read_layout
from tests.phantoms import write_volume

SHAPE = (6, 5, 4)


def _labels(top):
    return np.random.default_rng(1).integers(0, top + 1, SHAPE).astype(np.uint8)


def _write_dataset(folder, content):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def nnunet(tmp_path):
    """The raw folder of nnU-Net v2 with two channels and regions."""
    for channel in ("0000", "0001"):
        write_volume(tmp_path / "imagesTr" / f"case_007_{channel}.nii.gz", _labels(9) + int(channel))
    write_volume(tmp_path / "labelsTr" / "case_007.nii.gz", _labels(3))
    labels = {"background": 0, "whole tumor": [1, 2, 3], "tumor core": [2, 3], "edema": 1}
    _write_dataset(tmp_path, {"channel_names": {"0": "T1", "1": "FLAIR"}, "labels": labels, "file_ending": ".nii.gz"})
    return tmp_path


NNUNET = {
    "reader": "dataset_json",
    "images": {"files": r"imagesTr/{case}_{channel:\d{4}}.nii.gz", "id": "{case}_{channel}", "patient": "{case}"},
    "masks": "labelsTr/{case}.nii.gz",
}


def test_each_sequence_of_a_4d_file_is_an_image_of_its_own(tmp_path):
    """The layout of the Decathlon's task 1."""
    task = tmp_path / "Task01_BrainTumour"
    sequences = np.random.default_rng(0).normal(size=(*SHAPE, 4)).astype(np.float32)
    (task / "imagesTr").mkdir(parents=True)
    nibabel.save(nibabel.Nifti1Image(sequences, np.diag([2.0, 2.0, 2.0, 1.0])), task / "imagesTr" / "BRATS_001.nii.gz")
    (task / "imagesTr" / "._BRATS_001.nii.gz").write_bytes(b"of a Mac")
    write_volume(task / "labelsTr" / "BRATS_001.nii.gz", _labels(3))
    names = {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"}
    modality = {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}
    _write_dataset(task, {"modality": modality, "labels": names, "training": []})

    read = read_card(tmp_path, "msd_brain_tumor")
    assert list(read) == [f"BRATS_001_{name}" for name in modality.values()]
    for number, (item, drawn) in enumerate(read.values()):
        assert item.patient == "BRATS_001"
        assert np.array_equal(item.read().array[0], sequences[..., number])
        assert [annotation.value for annotation in drawn] == list(names.values())[1:]
        assert np.array_equal(drawn[2].mask.decode(), _labels(3) == 3)


def test_regions_of_several_numbers_are_their_union(nnunet):
    read = read_layout(nnunet, NNUNET)
    assert [(item.id, item.patient) for item, _ in read.values()] == [
        ("case_007_0000", "case_007"),
        ("case_007_0001", "case_007"),
    ]
    whole, core, edema = read["case_007_0001"][1]
    labels = _labels(3)
    assert np.array_equal(whole.mask.decode(), labels > 0)
    assert np.array_equal(core.mask.decode(), labels > 1)
    assert np.array_equal(edema.mask.decode(), labels == 1)


def test_a_number_that_dataset_json_does_not_list_is_named(nnunet):
    write_volume(nnunet / "labelsTr" / "case_007.nii.gz", _labels(4))
    with pytest.raises(DataError, match=r"case_007.nii.gz: expected the numbers that .*dataset.json lists.*\[4\]"):
        read_layout(nnunet, NNUNET)


@pytest.mark.parametrize(
    "labels", [{"liver": "one"}, {"liver": True}, {"liver": []}, {"liver": [1, -2]}, {"1.5": "liver"}]
)
def test_a_label_without_a_whole_number_is_named(nnunet, labels):
    _write_dataset(nnunet, {"labels": labels})
    with pytest.raises(DataError, match=r"dataset.json: expected a whole number for each label"):
        read_layout(nnunet, NNUNET)


def test_a_broken_dataset_json_is_named(nnunet):
    (nnunet / "dataset.json").write_text('{"labels": {', encoding="utf-8")
    with pytest.raises(DataError, match=r"dataset.json: expected a JSON file, got"):
        read_layout(nnunet, NNUNET)
