# SPDX-License-Identifier: Apache-2.0
"""YOLO text files: boxes and polygons as shares of the image."""

from __future__ import annotations

import numpy as np
import pytest
from pycocotools import mask as coco

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import noise, read_card, read_layout, write_picture

LAYOUT = {
    "reader": "yolo",
    "images": "{split}/images/{id}.jpg",
    "labels": "{split}/labels/{id}.txt",
    "names": ["11", "12", "21"],
}


@pytest.fixture
def teeth(tmp_path):
    """The layout of UFBA-425: polygons of teeth in folders for train, valid and test."""
    write_picture(tmp_path / "valid" / "images" / "cate1-00001.jpg", noise((80, 50)))
    (tmp_path / "valid" / "labels").mkdir()
    return tmp_path


def _read(root, text, **words):
    (root / "valid" / "labels" / "cate1-00001.txt").write_text(text, encoding="utf-8")
    ((item, drawn),) = read_layout(root, {**LAYOUT, **words}).values()
    return item, drawn


def test_a_box_has_its_middle_and_its_size(teeth):
    item, drawn = _read(teeth, "2 0.5 0.5 0.25 0.4\n\n0 0.1 0.2 0.2 0.4\n")
    assert item.split == "val"
    assert [annotation.value for annotation in drawn] == ["21", "11"]
    assert np.allclose([annotation.box for annotation in drawn], [[30, 15, 50, 35], [0, 0, 16, 20]])


def test_a_polygon_is_that_of_pycocotools(teeth):
    shares = [0.1, 0.2, 0.5, 0.24, 0.47, 0.8, 0.2, 0.66]
    _, (annotation,) = _read(teeth, "1 " + " ".join(map(str, shares)))
    points = [share * (50 if place % 2 else 80) for place, share in enumerate(shares)]
    truth = coco.decode(coco.merge(coco.frPyObjects([points], 50, 80))).T.astype(bool)
    assert annotation.value == "12"
    assert np.array_equal(annotation.mask.decode(), truth)


def test_a_table_tells_the_patients(tmp_path):
    """The layout of GRAZPEDWRI-DX; a film without a text file has no finding."""
    for part, name in (("1", "0001_1297860395_01_WRI-L1_M014"), ("2", "0002_1354517962_01_WRI-R1_F006")):
        write_picture(tmp_path / f"images_part{part}" / f"{name}.png", noise((80, 50)).astype(np.uint16) * 257)
    (tmp_path / "yolov5" / "labels").mkdir(parents=True)
    (tmp_path / "yolov5" / "labels" / "0001_1297860395_01_WRI-L1_M014.txt").write_text("3 0.5 0.5 0.1 0.1\n")
    rows = "filestem,patient_id\n0001_1297860395_01_WRI-L1_M014,1\n0002_1354517962_01_WRI-R1_F006,77\n"
    (tmp_path / "dataset.csv").write_text(rows)
    first, second = read_card(tmp_path, "grazpedwri_dx").values()
    assert (first[0].patient, second[0].patient) == ("1", "77")
    assert [annotation.value for annotation in first[1]] == ["fracture"]
    assert second[1] == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0.5 0.5 0.1", "line 2: expected 4 numbers of a box or pairs of a polygon's, got 3"),
        ("0 0.5 0.5 0.1 wide", "line 2: expected a class and numbers"),
        ("0 40 25 10 10", "line 2: expected shares of the image between 0 and 1"),
        ("3 0.5 0.5 0.1 0.1", r"line 2: expected the number of a class, 0 \(11\), 1 \(12\), 2 \(21\); got '3'"),
        ("0 0.5 0.5 0 0.1", "line 2: expected a box of a size above 0"),
        ("0 nan 0.5 0.1 0.1", "line 2: expected shares of the image"),
    ],
)
def test_a_bad_line_is_named(teeth, line, message):
    with pytest.raises(DataError, match=rf"cate1-00001.txt, {message}"):
        _read(teeth, f"0 0.5 0.5 0.1 0.1\n{line}\n")
