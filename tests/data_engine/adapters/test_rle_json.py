# SPDX-License-Identifier: Apache-2.0
"""CheXlocalize: run lengths by image and finding, coded by pycocotools, and files that are damaged."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pycocotools import mask as coco

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import block, noise, read_card, write_picture

SHAPE = (40, 30)
EDEMA = block(SHAPE, (3, 20), (5, 18)) | block(SHAPE, (25, 35), (10, 12))


def coded(mask):
    runs = coco.encode(np.asfortranarray(mask.T.astype(np.uint8)))
    return {"size": runs["size"], "counts": runs["counts"].decode()}


def write(root, content, split="test"):
    write_picture(root / "CheXpert" / split / "patient64741" / "study1" / "view1_frontal.jpg", noise(SHAPE))
    (root / "CheXlocalize").mkdir(exist_ok=True)
    (root / "CheXlocalize" / f"gt_segmentations_{split}.json").write_text(json.dumps(content))
    return root


def test_each_mask_that_is_not_empty_is_a_finding(tmp_path):
    masks = {"Edema": coded(EDEMA), "Lung Lesion": coded(np.zeros(SHAPE))}
    read = read_card(write(tmp_path, {"patient64741_study1_view1_frontal": masks}), "chexlocalize")
    item, (edema,) = read["patient64741_study1_view1_frontal"]
    assert (item.patient, item.split, edema.value) == ("patient64741", "test", "Edema")
    assert np.array_equal(edema.mask.decode(), EDEMA)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "gt_segmentations_test.json: expected an object with a name for each image"),
        ({"patient1": {}}, "expected names of images made as .*, got 'patient1'"),
        ({"patient64741_study1_view1_frontal": []}, "expected 'patient64741_study1_view1_frontal' of type dict"),
        (
            {"patient64741_study1_view1_frontal": {"Edema": coded(EDEMA.T)}},
            r"Edema: expected run lengths of the size \[30, 40\]",
        ),
    ],
)
def test_a_bad_file_is_named(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        read_card(write(tmp_path, content), "chexlocalize")
