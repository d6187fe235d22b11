# SPDX-License-Identifier: Apache-2.0
"""PadChest-GR: sentences with boxes, and a table of splits and patients."""

from __future__ import annotations

import json

import numpy as np
import pytest

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import noise, read_layout, write_picture

POSITIVE = {
    "sentence_en": "Left pleural effusion with atelectasis.",
    "sentence_es": "Derrame pleural izquierdo con atelectasia.",
    "abnormal": True,
    "boxes": [[0.5, 0.6, 0.75, 1.0]],
    "labels": ["pleural effusion", "atelectasis"],
    "locations": ["left", "basal"],
    "progression": "stable",
}
NEGATIVE = {"sentence_en": "No pneumothorax.", "sentence_es": "Sin neumotórax.", "abnormal": False}
LAYOUT = {
    "reader": "padchest_gr",
    "images": {
        "files": "PadChest_GR/{ImageID}",
        "id": "{StudyID}",
        "split": {"table": "master_table.csv", "column": "split", "key_column": "StudyID", "key": "{StudyID}"},
        "patient": {"table": "master_table.csv", "column": "PatientID", "key_column": "StudyID", "key": "{StudyID}"},
    },
    "reports": "grounded_reports_20240819.json",
}


def _read(root, *findings):
    write_picture(root / "PadChest_GR" / "216840_1.png", noise((40, 30)).astype(np.uint16) * 257)
    studies = [{"StudyID": "S1", "ImageID": "216840_1.png", "findings": list(findings)}]
    (root / "grounded_reports_20240819.json").write_text(json.dumps(studies), encoding="utf-8")
    rows = "StudyID,PatientID,split,label\nS1,P9,validation,pleural effusion\nS1,P9,validation,atelectasis\n"
    (root / "master_table.csv").write_text(rows)
    return read_layout(root, LAYOUT)["S1"]


def test_each_label_of_a_sentence_has_its_boxes_and_words(tmp_path):
    item, drawn = _read(tmp_path, POSITIVE, NEGATIVE)
    assert (item.split, item.patient) == ("val", "P9")
    assert dict(item.attributes)["report"] == "Left pleural effusion with atelectasis. No pneumothorax."
    assert [annotation.value for annotation in drawn] == ["pleural effusion", "atelectasis"]
    assert all(np.allclose(annotation.box, (20, 18, 30, 30)) for annotation in drawn)
    assert dict(drawn[0].attributes) == {
        "phrase": POSITIVE["sentence_en"],
        "phrase_es": POSITIVE["sentence_es"],
        "locations": "left, basal",
        "progression": "stable",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"boxes": [[0.5, 0.6, 0.7]]}, "sentence 2, box 1: expected four numbers"),
        ({"boxes": [[0.5, 0.6, 0.4, 0.7]]}, "sentence 2, box 1: expected a box of a size above 0"),
        ({"labels": []}, "sentence 2: expected a label for a sentence with boxes"),
    ],
)
def test_a_bad_sentence_is_named(tmp_path, changes, message):
    with pytest.raises(DataError, match=rf"grounded_reports_20240819.json, S1, {message}"):
        _read(tmp_path, NEGATIVE, {**POSITIVE, **changes})
