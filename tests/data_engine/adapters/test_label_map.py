# SPDX-License-Identifier: Apache-2.0
"""Label maps: case folders, sequences that share one, pictures; what does not fit its image is named."""

from __future__ import annotations

import re

import nibabel
import numpy as np
import pytest

from monai_medglip.errors import ConfigurationError, DataError
from tests.data_engine.adapters.reading import block, noise, read_card, read_layout, write_picture
from tests.phantoms import write_volume

VOXELS = np.arange(60, dtype=np.int16).reshape(5, 4, 3)
LAYOUT = {
    "reader": "label_map",
    "images": "dataset/{id}/imaging.nii.gz",
    "masks": "dataset/{id}/segmentation.nii.gz",
}


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


def test_each_number_of_a_label_map_is_an_annotation(kits):
    read = read_card(kits, "kits23")
    assert list(read) == ["case_00000", "case_00001"]
    one, three = read["case_00000"][1]
    assert (one.value, three.value) == ("1", "3")
    assert np.array_equal(one.mask.decode(), _labels() == 1)
    assert np.array_equal(three.mask.decode(), _labels() == 3)


def test_sequences_of_a_case_share_its_label_map(tmp_path):
    """The layout of BraTS 2023."""
    case = tmp_path / "BraTS-GLI-00000-000"
    for sequence in ("t1n", "t1c", "t2w", "t2f"):
        write_volume(case / f"BraTS-GLI-00000-000-{sequence}.nii.gz", VOXELS)
    write_volume(case / "BraTS-GLI-00000-000-seg.nii.gz", _labels())
    layout = {
        "reader": "label_map",
        "images": {
            "files": r"{case:BraTS-GLI-\d+-\d+}/{case}-{sequence:t1n|t1c|t2w|t2f}.nii.gz",
            "id": "{case}-{sequence}",
            "patient": "{case}",
            "attributes": {"sequence": "{sequence}"},
        },
        "masks": "{case}/{case}-seg.nii.gz",
    }
    read = read_layout(tmp_path, layout)
    assert [item.attributes for item, _ in read.values()] == [(("sequence", s),) for s in ("t1c", "t1n", "t2f", "t2w")]
    assert {item.patient for item, _ in read.values()} == {"BraTS-GLI-00000-000"}
    assert all(len(drawn) == 2 for _, drawn in read.values())


def test_0_can_be_a_label_and_255_the_background(tmp_path):
    """The layout of REFUGE: cup 0, rim of the disc 128, all else 255."""
    labels = np.full((12, 9), 255, np.uint8)
    labels[2:8, 2:7] = 128
    labels[4:6, 3:6] = 0
    write_picture(tmp_path / "Training400" / "Glaucoma" / "g0001.jpg", noise((12, 9)))
    write_picture(tmp_path / "Annotation-Training400" / "Disc_Cup_Masks" / "Glaucoma" / "g0001.bmp", labels)
    drawn = read_card(tmp_path, "refuge")["g0001"][1]
    assert {annotation.value: annotation.mask.area for annotation in drawn} == {"0": 6, "128": 24}


def test_names_may_hold_blanks_and_letters_of_any_script(tmp_path):
    folder = tmp_path / "Käse و 肺 data"
    write_picture(folder / "Bilder (neu)" / "Fall Nr. 1 – лёгкое.png", noise((6, 5)))
    write_picture(folder / "Masken" / "Fall Nr. 1 – лёгкое.png", block((6, 5), (1, 3), (2, 4)).astype(np.uint8))
    layout = {"reader": "label_map", "images": "Bilder (neu)/{id}.png", "masks": "Masken/{id}.png"}
    ((annotation,),) = (drawn for _, drawn in read_layout(folder, layout).values())
    assert annotation.mask.box.tolist() == [1, 2, 3, 4]


def test_a_missing_label_map_is_an_error_when_it_is_read(kits):
    (kits / "dataset" / "case_00001" / "segmentation.nii.gz").unlink()
    with pytest.raises(DataError, match=r"case_00001.*expected annotation files dataset/\{id\}/segmentation"):
        read_layout(kits, LAYOUT)


@pytest.mark.parametrize(("word", "counts"), [("empty", [2, 0]), ("leave_out", [2])])
def test_the_layout_says_what_an_image_without_label_map_is(kits, word, counts):
    (kits / "dataset" / "case_00001" / "segmentation.nii.gz").unlink()
    read = read_layout(kits, {**LAYOUT, "without_file": word})
    assert [len(drawn) for _, drawn in read.values()] == counts


def test_a_mask_of_another_shape_is_refused(kits):
    path = write_volume(kits / "dataset" / "case_00000" / "segmentation.nii.gz", np.zeros((5, 4, 4)))
    with pytest.raises(DataError, match=re.escape(f"{path}: expected a mask of (5, 4, 3)")):
        read_layout(kits, LAYOUT)


def test_a_mask_at_another_place_is_refused(kits):
    path = kits / "dataset" / "case_00000" / "segmentation.nii.gz"
    nibabel.save(nibabel.Nifti1Image(_labels(), np.diag([-2.0, 2.0, 2.0, 1.0])), path)
    with pytest.raises(DataError, match=r"voxels of one index lie up to .* mm apart"):
        read_layout(kits, LAYOUT)


def test_a_mask_whose_place_is_not_a_number_is_refused(kits):
    path = kits / "dataset" / "case_00000" / "segmentation.nii.gz"
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[0, 3] = np.nan
    image = nibabel.Nifti1Image(_labels(), np.diag([2.0, 2.0, 2.0, 1.0]))
    image.header.set_sform(affine, code=1)
    image._affine = affine
    nibabel.save(image, path)
    with pytest.raises(DataError, match=rf"expected a mask for .*{path.name}.*finite"):
        read_layout(kits, LAYOUT)


def test_a_mask_with_fractions_is_refused(kits):
    path = kits / "dataset" / "case_00000" / "segmentation.nii.gz"
    nibabel.save(nibabel.Nifti1Image(_labels() * np.float32(0.5), np.diag([2.0, 2.0, 2.0, 1.0])), path)
    with pytest.raises(DataError, match="expected whole label values, got fractions"):
        read_layout(kits, LAYOUT)


def test_a_grey_mask_that_was_saved_in_color_is_read_and_a_colored_one_is_not(tmp_path):
    write_picture(tmp_path / "a.jpg", noise((6, 5)))
    grey = np.repeat(block((6, 5), (1, 3), (2, 4))[..., None], 3, axis=2).astype(np.uint8)
    write_picture(tmp_path / "a_mask.png", grey)
    layout = {"reader": "label_map", "images": "{id}.jpg", "masks": "{id}_mask.png"}
    assert read_layout(tmp_path, layout)["a"][1][0].mask.area == 4
    write_picture(tmp_path / "a_mask.png", grey * np.array([1, 2, 3], np.uint8))
    with pytest.raises(DataError, match=r"a_mask.png: expected a mask of one channel"):
        read_layout(tmp_path, layout)


def test_two_images_of_one_id_are_refused(tmp_path):
    for name in ("a/1.png", "b/1.png"):
        write_picture(tmp_path / name, noise((6, 5)))
    with pytest.raises(DataError, match="expected every id once, '1' is also that of"):
        read_layout(tmp_path, {"reader": "label_map", "images": "{folder}/{id}.png", "masks": "{id}.tif"})


def test_a_folder_without_the_images_says_what_is_there(tmp_path):
    (tmp_path / "imagesTs").mkdir()
    with pytest.raises(DataError, match=r"expected images imagesTr/\{id\}.nii.gz, found imagesTs"):
        read_layout(
            tmp_path, {"reader": "label_map", "images": "imagesTr/{id}.nii.gz", "masks": "labelsTr/{id}.nii.gz"}
        )


def test_a_pattern_outside_of_the_folder_is_refused():
    with pytest.raises(ConfigurationError, match="expected a pattern of paths below the data set's folder"):
        read_layout(None, {"reader": "label_map", "images": "../{id}.png", "masks": "{id}.png"})
