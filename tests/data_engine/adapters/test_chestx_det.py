# SPDX-License-Identifier: Apache-2.0
"""The JSON of ChestX-Det."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pycocotools import mask as coco

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import noise, read_layout, write_picture

LAYOUT = {
    "reader": "chestx_det",
    "images": "{split}/{file_name}",
    "annotations": "ChestX_Det_{split:train|test}.json",
}
POLYGON = [[3, 4], [30, 6], [22, 25], [8, 20]]


def _read(root, **changes):
    for name in ("36199.png", "36204.png"):
        write_picture(root / "train" / name, noise((40, 30)))
    entry = {"file_name": "36204.png", "syms": ["Effusion"], "boxes": [[3, 4, 30, 25]], "polygons": [POLYGON]}
    films = [{"file_name": "36199.png", "syms": [], "boxes": [], "polygons": []}, {**entry, **changes}]
    (root / "ChestX_Det_train.json").write_text(json.dumps(films))
    (root / "ChestX_Det_test.json").write_text("[]")
    return read_layout(root, LAYOUT)


def test_findings_have_box_and_polygon(tmp_path):
    (_, none), (item, (annotation,)) = _read(tmp_path).values()
    assert none == ()
    assert item.split == "train"
    assert (annotation.value, annotation.box) == ("Effusion", (3, 4, 30, 25))
    flat = [float(place) for point in POLYGON for place in point]
    truth = coco.decode(coco.merge(coco.frPyObjects([flat], 30, 40))).T.astype(bool)
    assert np.array_equal(annotation.mask.decode(), truth)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"boxes": []}, "36204.png: expected a box and a polygon for each finding, got 1 findings, 0 boxes"),
        ({"boxes": [[3, 4, 30]]}, "36204.png, finding 1: expected four numbers of a box"),
        ({"polygons": [[[3, 4], [5, 6]]]}, "36204.png, finding 1: expected a polygon of at least three pairs"),
        ({"syms": "Effusion"}, "36204.png: expected 'syms' of type list"),
    ],
)
def test_a_bad_entry_is_named(tmp_path, changes, message):
    with pytest.raises(DataError, match=rf"ChestX_Det_train.json, {message}"):
        _read(tmp_path, **changes)
