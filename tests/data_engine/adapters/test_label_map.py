"""Label maps: nnU-Net names, case folders, pictures; what does not fit its image is named."""

from __future__ import annotations

import re

import nibabel
import numpy as np
import pytest
from PIL import Image

from monai_medglip.data_engine.adapters import adapter_from_layout
from monai_medglip.errors import DataError
from tests.phantoms import write_grey, write_volume

VOXELS = np.arange(60, dtype=np.int16).reshape(5, 4, 3)


def _labels():
    labels = np.zeros((5, 4, 3), np.uint8)
    labels[1:3, 1, 2] = 1
    labels[4, 0:2, 0] = 3
    return labels


@pytest.fixture
def kits(tmp_path):
    """The layout of KiTS: a folder for each case."""
    for case in ("case_00001", "case_00000"):
        write_volume(tmp_path / "dataset" / case / "imaging.nii.gz", VOXELS)
        write_volume(tmp_path / "dataset" / case / "segmentation.nii.gz", _labels())
    return tmp_path


LAYOUT = {
    "reader": "label_map",
    "images": "dataset/{id}/imaging.nii.gz",
    "masks": "dataset/{id}/segmentation.nii.gz",
}


def _read(root, layout):
    items = list(adapter_from_layout(layout).items(root))
    return {item.id: item.annotation.read(item.read()) for item in items}


def test_each_number_of_a_label_map_is_an_annotation(kits):
    read = _read(kits, LAYOUT)
    assert list(read) == ["case_00000", "case_00001"]
    one, three = read["case_00000"]
    assert (one.value, three.value) == ("1", "3")
    assert np.array_equal(one.mask.decode(), _labels() == 1)
    assert np.array_equal(three.mask.decode(), _labels() == 3)


def test_sequences_of_a_case_share_its_label_map(tmp_path):
    """The layout of BraTS."""
    for sequence in ("t1n", "t1c", "t2w", "t2f"):
        write_volume(tmp_path / "BraTS-GLI-00000-000" / f"BraTS-GLI-00000-000-{sequence}.nii.gz", VOXELS)
    write_volume(tmp_path / "BraTS-GLI-00000-000" / "BraTS-GLI-00000-000-seg.nii.gz", _labels())
    layout = {
        "reader": "label_map",
        "images": {
            "files": "{case:BraTS-GLI-\\d+-\\d+}/{case}-{sequence:t1n|t1c|t2w|t2f}.nii.gz",
            "id": "{case}-{sequence}",
            "patient": "{case}",
            "attributes": {"sequence": "{sequence}"},
        },
        "masks": "{case}/{case}-seg.nii.gz",
    }
    items = list(adapter_from_layout(layout).items(tmp_path))
    assert [item.attributes for item in items] == [(("sequence", s),) for s in ("t1c", "t1n", "t2f", "t2w")]
    assert {item.patient for item in items} == {"BraTS-GLI-00000-000"}
    assert all(len(item.annotation.read(item.read())) == 2 for item in items)


def test_a_missing_label_map_is_an_error_when_it_is_read_and_not_before(kits):
    (kits / "dataset" / "case_00001" / "segmentation.nii.gz").unlink()
    _, second = adapter_from_layout(LAYOUT).items(kits)
    with pytest.raises(DataError, match=r"case_00001.*expected annotation files dataset/\{id\}/segmentation"):
        second.annotation.read(second.read())


@pytest.mark.parametrize(("word", "expected"), [("empty", {"case_00000": 2, "case_00001": 0}), ("leave_out", {"case_00000": 2})])
def test_the_layout_says_what_an_image_without_label_map_is(kits, word, expected):
    (kits / "dataset" / "case_00001" / "segmentation.nii.gz").unlink()
    read = _read(kits, {**LAYOUT, "without_file": word})
    assert {name: len(annotations) for name, annotations in read.items()} == expected
