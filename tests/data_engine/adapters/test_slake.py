# SPDX-License-Identifier: Apache-2.0
"""SLAKE: the authors' folders on a small copy, and the subset beside the checkout on its real files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from monai_medglip.errors import DataError
from monai_medglip.imaging.modality import Modality
from tests.data_engine.adapters.reading import block, noise, read_card, read_layout, write_picture

SHAPE = (40, 30)


@pytest.fixture
def slake(tmp_path):
    """The layout of SLAKE 1.0."""
    labels = block(SHAPE, (2, 12), (3, 20)) * np.uint8(70) + block(SHAPE, (30, 34), (3, 9)) * np.uint8(230)
    for name in ("xmlab3", "xmlab7"):
        write_picture(tmp_path / "imgs" / name / "source.jpg", noise(SHAPE))
    write_picture(tmp_path / "imgs" / "xmlab3" / "mask.png", labels)
    # The "mask" of a radiograph is the film with its boxes drawn in.
    write_picture(tmp_path / "imgs" / "xmlab7" / "mask.png", np.repeat(noise(SHAPE)[..., None], 3, axis=2))
    boxes = [{"Liver": [2, 3, 9.5, 17]}, {"Left Kidney": [20.0, 11, 4, 5]}]
    (tmp_path / "imgs" / "xmlab3" / "detection.json").write_text(json.dumps(boxes))
    (tmp_path / "imgs" / "xmlab7" / "detection.json").write_text(json.dumps([{"Cardiomegaly": [5, 6, 20, 15]}]))
    for name, image, modality in (("train", "xmlab3", "CT"), ("validate", "xmlab7", "X-Ray"), ("test", None, None)):
        question = {"img_name": f"{image}/source.jpg", "modality": modality, "location": "Abdomen", "q_lang": "en"}
        (tmp_path / f"{name}.json").write_text(json.dumps([question] if image else []))
    return tmp_path


def test_masks_go_before_boxes_of_the_same_name(slake):
    read = read_layout(slake, {"reader": "slake", "mask_names": {70: "Liver", 230: "Spleen"}})
    item, (liver, spleen, kidney) = read["xmlab3"]
    assert (item.split, item.modality) == ("train", Modality.CT)
    assert dict(item.attributes) == {"location": "Abdomen"}
    assert (liver.value, liver.box, liver.mask.box.tolist()) == ("Liver", (2, 3, 11.5, 20), [2, 3, 12, 20])
    assert (spleen.value, spleen.box, spleen.mask.area) == ("Spleen", None, 24)
    assert (kidney.value, kidney.box, kidney.mask) == ("Left Kidney", (20, 11, 24, 16), None)


def test_the_mask_of_a_radiograph_is_not_read(slake):
    item, (annotation,) = read_layout(slake, {"reader": "slake", "mask_names": {70: "Liver", 230: "Spleen"}})["xmlab7"]
    assert (item.split, item.modality) == ("val", Modality.XR)
    assert (annotation.value, annotation.box, annotation.mask) == ("Cardiomegaly", (5, 6, 25, 21), None)


def test_a_number_without_a_name_is_refused(slake):
    with pytest.raises(DataError, match=r"xmlab3/mask.png: expected numbers that have a name .*\[230\]"):
        read_layout(slake, {"reader": "slake", "mask_names": {70: "Liver"}})


def test_an_image_without_questions_is_refused(slake):
    (slake / "validate.json").write_text("[]")
    with pytest.raises(DataError, match=r"xmlab7/source.jpg: expected questions on this image"):
        read_layout(slake, {"reader": "slake", "mask_names": {70: "Liver", 230: "Spleen"}})


def test_the_real_subset_is_read_whole(shared_data):
    folder = shared_data / "vqa" / "slake"
    rows = [json.loads(line) for line in (folder / "images.jsonl").read_text(encoding="utf-8").splitlines()]
    read = read_card(folder, "slake_subset")
    assert len(read) == len(rows) == 285
    for row in rows:
        _, drawn = read[row["id"]]
        labels = None if row["mask"] is None else np.asarray(Image.open(folder / row["mask"])).T
        masks = {a.value: a.mask for a in drawn if a.mask is not None}
        assert set(masks) == ({name for name, number in row.get("mask_labels", {}).items() if (labels == number).any()})
        assert all(np.array_equal(mask.decode(), labels == row["mask_labels"][name]) for name, mask in masks.items())
        boxes = sorted(tuple(entry["box"]) for entry in row["boxes"] if entry["label"] not in masks)
        assert sorted(a.box for a in drawn if a.mask is None) == boxes
