# SPDX-License-Identifier: Apache-2.0
"""Binary masks: a file for each class, each instance, each image, in the layouts of public sets."""

from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.errors import ConfigurationError, DataError
from tests.data_engine.adapters.reading import block, noise, read_card, read_layout, write_picture
from tests.phantoms import write_volume

WHITE = np.uint8(255)


def test_a_folder_of_class_files_gives_a_mask_for_each_class_that_is_not_empty(tmp_path):
    """The layout of TotalSegmentator, whose table has semicolons."""
    shape = (5, 4, 3)
    liver, spleen = block(shape, (0, 2), (0, 2), (0, 3)), block(shape, (1, 4), (1, 3), (1, 2))
    for case in ("s0000", "s0001"):
        write_volume(tmp_path / case / "ct.nii.gz", np.arange(60).reshape(shape))
        for name, mask in (("liver", liver), ("spleen", spleen), ("urinary_bladder", np.zeros(shape))):
            write_volume(tmp_path / case / "segmentations" / f"{name}.nii.gz", mask)
    (tmp_path / "meta.csv").write_text("image_id;age;split\ns0000;60;train\ns0001;31;test\n", encoding="utf-8")

    read = read_card(tmp_path, "totalsegmentator")
    assert [(item.id, item.split) for item, _ in read.values()] == [("s0000", "train"), ("s0001", "test")]
    drawn = {annotation.value: annotation.mask.decode() for annotation in read["s0000"][1]}
    assert list(drawn) == ["liver", "spleen"]  # which overlap
    assert np.array_equal(drawn["liver"], liver)
    assert np.array_equal(drawn["spleen"], spleen)


def test_a_second_mask_of_an_image_is_a_second_annotation(tmp_path):
    """The layout of BUSI: names with blanks and brackets, classes in folders, an image without a lesion."""
    for name in ("benign (1)", "benign (10)", "malignant (1)", "normal (3)"):
        folder = tmp_path / "Dataset_BUSI_with_GT" / name.split()[0]
        write_picture(folder / f"{name}.png", noise((20, 10)))
        write_picture(folder / f"{name}_mask.png", block((20, 10), (2, 6), (3, 5)) * WHITE * (folder.name != "normal"))
    folder = tmp_path / "Dataset_BUSI_with_GT" / "benign"
    write_picture(folder / "benign (1)_mask_1.png", block((20, 10), (12, 15), (3, 5)) * WHITE)

    read = read_card(tmp_path, "busi")
    boxes = {name: [annotation.mask.box.tolist() for annotation in drawn] for name, (_, drawn) in read.items()}
    assert boxes == {
        "benign (1)": [[2, 3, 6, 5], [12, 3, 15, 5]],
        "benign (10)": [[2, 3, 6, 5]],
        "malignant (1)": [[2, 3, 6, 5]],
        "normal (3)": [],
    }


def test_a_mask_that_was_saved_as_jpeg_is_cut_at_the_middle(tmp_path):
    """The layout of Kvasir-SEG."""
    mask = block((64, 48), (13, 40), (9, 30))
    write_picture(tmp_path / "images" / "cju0.jpg", np.repeat(noise((64, 48))[..., None], 3, axis=2))
    grey = np.repeat((mask * WHITE)[..., None], 3, axis=2)
    path = write_picture(tmp_path / "masks" / "cju0.jpg", grey, quality=85)
    assert path.stat().st_size
    ((annotation,),) = (drawn for _, drawn in read_card(tmp_path, "kvasir_seg").values())
    assert np.array_equal(annotation.mask.decode(), mask)


def test_a_folder_name_tells_the_split(tmp_path):
    """The layout of ISIC 2018, task 1."""
    for split in ("Training", "Validation", "Test"):
        name = f"ISIC_{len(split):07d}"
        write_picture(tmp_path / f"ISIC2018_Task1-2_{split}_Input" / f"{name}.jpg", noise((20, 10)))
        mask = block((20, 10), (2, 6), (3, 5)) * WHITE
        write_picture(tmp_path / f"ISIC2018_Task1_{split}_GroundTruth" / f"{name}_segmentation.png", mask)
    read = read_card(tmp_path, "isic2018")
    assert {item.id: item.split for item, _ in read.values()} == {
        "ISIC_0000008": "train",
        "ISIC_0000010": "val",
        "ISIC_0000004": "test",
    }
    assert all(len(drawn) == 1 for _, drawn in read.values())


def test_masks_lie_in_a_folder_for_each_lesion(tmp_path):
    """The layout of IDRiD; an image lacks the files of lesions that it does not have."""
    part = "a. Training Set"
    base = tmp_path / "A. Segmentation"
    for name in ("IDRiD_01", "IDRiD_02"):
        write_picture(base / "1. Original Images" / part / f"{name}.jpg", noise((30, 20)))
        for folder, letters in (("1. Microaneurysms", "MA"), ("3. Hard Exudates", "EX"), ("5. Optic Disc", "OD")):
            if (name, letters) != ("IDRiD_02", "EX"):
                mask = block((30, 20), (2, 8), (3, 5)).astype(np.uint8)
                truths = base / "2. All Segmentation Groundtruths" / part / folder
                write_picture(truths / f"{name}_{letters}.tif", mask)
    read = read_card(tmp_path, "idrid")
    assert [annotation.value for annotation in read["IDRiD_01"][1]] == ["MA", "EX", "OD"]
    assert [annotation.value for annotation in read["IDRiD_02"][1]] == ["MA", "OD"]
    assert read["IDRiD_01"][0].split == "train"


def test_a_file_for_each_nucleus_is_an_annotation_for_each(tmp_path):
    """The layout of the Data Science Bowl 2018."""
    write_picture(
        tmp_path / "stage1_train" / "00ae" / "images" / "00ae.png", np.repeat(noise((30, 20))[..., None], 4, 2)
    )
    nuclei = [block((30, 20), (x, x + 4), (y, y + 5)) for x, y in ((1, 1), (5, 1), (20, 12))]  # two of them touch
    for number, nucleus in enumerate(nuclei):
        write_picture(tmp_path / "stage1_train" / "00ae" / "masks" / f"{number:04x}.png", nucleus * WHITE)
    ((item, drawn),) = read_card(tmp_path, "dsb2018").values()
    assert item.id == "00ae"
    assert all(np.array_equal(found.mask.decode(), nucleus) for found, nucleus in zip(drawn, nuclei, strict=True))


def test_transparency_is_not_foreground(tmp_path):
    write_picture(tmp_path / "a.jpg", noise((6, 5)))
    mask = np.zeros((6, 5, 4), np.uint8)
    mask[..., 3] = 255
    mask[2, 3, 0] = 255
    write_picture(tmp_path / "a.png", mask)
    read = read_layout(tmp_path, {"reader": "mask_files", "images": "{id}.jpg", "masks": {"x": "{id}.png"}})
    assert read["a"][1][0].mask.area == 1


def test_a_damaged_mask_is_named(tmp_path):
    write_picture(tmp_path / "a.jpg", noise((60, 50)))
    path = write_picture(tmp_path / "a.png", noise((60, 50)))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"a.png: expected a whole and readable mask"):
        read_layout(tmp_path, {"reader": "mask_files", "images": "{id}.jpg", "masks": {"x": "{id}.png"}})


def test_a_value_whose_parts_the_pattern_lacks_is_refused():
    with pytest.raises(ConfigurationError, match=r"expected the parts of '\{class\}' in its pattern 'm/\{id\}.png'"):
        read_layout(None, {"reader": "mask_files", "images": "{id}.jpg", "masks": {"{class}": "m/{id}.png"}})


def test_a_table_tells_what_the_masks_of_ham10000_are(tmp_path):
    folder = tmp_path / "HAM10000_segmentations_lesion_tschandl"
    for part, name in ((1, "ISIC_0024306"), (2, "ISIC_0029306")):
        write_picture(tmp_path / f"HAM10000_images_part_{part}" / f"{name}.jpg", noise((20, 15, 3)))
        write_picture(folder / f"{name}_segmentation.png", block((20, 15), (3, 9), (4, 8)) * np.uint8(255))
    rows = "lesion_id,image_id,dx\nHAM_1,ISIC_0024306,nv\nHAM_1,ISIC_0029306,mel\n"
    (tmp_path / "HAM10000_metadata.csv").write_text(rows)
    read = read_card(tmp_path, "ham10000")
    assert {name: drawn[0].value for name, (_, drawn) in read.items()} == {"ISIC_0024306": "nv", "ISIC_0029306": "mel"}
    assert {item.patient for item, _ in read.values()} == {"HAM_1"}
