# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib
import io
import json

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import Frame
from monai_medglip.grounding import Grounding, to_coco, write_coco
from tests.grounding_phantoms import chest, oblique_frame


@pytest.fixture
def loaded(tmp_path):
    write_coco(tmp_path / "coco.json", {"a.png": chest(), "b.png": chest().for_phrase("heart")})
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(tmp_path / "coco.json")


def test_pycocotools_finds_images_and_categories(loaded):
    assert [loaded.imgs[1][key] for key in ("file_name", "width", "height")] == ["a.png", 40, 30]
    assert [category["name"] for category in loaded.loadCats([1, 2, 3])] == ["left lung", "heart", "polyp"]


def test_boxes_are_corner_and_size(loaded):
    assert loaded.anns[3]["bbox"] == [12, 14, 14, 12]


def test_pycocotools_decodes_the_same_mask_and_area(loaded):
    mask = loaded.annToMask(loaded.anns[3])
    assert np.array_equal(mask.T, chest().instance_masks[2].decode())
    assert mask.sum() == loaded.anns[3]["area"] == chest().instance_masks[2].area


def test_a_region_without_a_mask_has_no_made_up_outline(loaded):
    assert "segmentation" not in loaded.anns[2]
    assert loaded.anns[2]["area"] == 5 * 4


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_its_annotations_are_results_that_score_full_marks_against_it(tmp_path, kind):
    document = to_coco({"a.png": chest()[[0, 2]]})
    (tmp_path / "truth.json").write_text(json.dumps(document))
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(tmp_path / "truth.json")
        evaluation = COCOeval(truth, truth.loadRes(document["annotations"]), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1)


def test_category_ids_can_be_those_of_a_truth_file():
    document = to_coco({"a.png": chest()}, categories={"left lung": 7, "heart": 3, "polyp": 9})
    assert [annotation["category_id"] for annotation in document["annotations"]] == [7, 7, 3]
    assert [category["id"] for category in document["categories"]] == [3, 7, 9]


def test_an_image_without_regions_is_still_listed():
    document = to_coco({"a.png": Grounding.empty(Frame.pixel((3, 2)))})
    assert (len(document["images"]), document["annotations"], document["categories"]) == (1, [], [])


def test_volumes_are_refused():
    with pytest.raises(GeometryError, match=r"a.nii is a volume \(40, 30, 8\); write NIfTI masks"):
        to_coco({"a.nii": chest(oblique_frame())})
