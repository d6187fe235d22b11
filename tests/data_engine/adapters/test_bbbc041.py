# SPDX-License-Identifier: Apache-2.0
"""BBBC041: boxes by rows and columns, images that two lists divide, and lists that are damaged."""

from __future__ import annotations

import json

import pytest

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import noise, read_card, write_picture


def entry(name, *cells):
    objects = [
        {
            "category": category,
            "bounding_box": {"minimum": {"r": box[1], "c": box[0]}, "maximum": {"r": box[3], "c": box[2]}},
        }
        for category, box in cells
    ]
    return {"image": {"pathname": f"/images/{name}.png", "shape": {"r": 30, "c": 40}}, "objects": objects}


def write(root, training, test=()):
    for name in ("a", "b"):
        write_picture(root / "malaria" / "images" / f"{name}.png", noise((40, 30)))
    for part, entries in (("training", training), ("test", list(test))):
        (root / "malaria" / f"{part}.json").write_text(json.dumps(entries))
    return root


def test_rows_are_y_and_columns_are_x_and_the_list_tells_the_split(tmp_path):
    cells = (("red blood cell", (3, 5, 20, 18)), ("difficult", (1, 1, 4, 4)))
    read = read_card(write(tmp_path, [entry("a", *cells)], [entry("b")]), "bbbc041")
    splits = {item.split: drawn for item, drawn in read.values()}
    assert [(one.value, one.box) for one in splits["train"]] == [(name, tuple(map(float, box))) for name, box in cells]
    assert splits["test"] == ()


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({}, "training.json: expected a list of images"),
        ([{"objects": []}], r"training.json\[0\]: expected an object with 'image'"),
        ([entry("a", ("ring", (3, 5, 3, 18)))], r"training.json\[0\], object 1: expected a box of a size above 0"),
        ([entry("a", ("ring", ("x", 5, 3, 18)))], r"object 1: expected 'c' of type int or float"),
        ([entry("a", (7, (1, 5, 3, 18)))], r"object 1: expected 'category' of type str"),
    ],
)
def test_a_bad_list_is_named(tmp_path, training, message):
    with pytest.raises(DataError, match=message):
        read_card(write(tmp_path, training), "bbbc041")
