# SPDX-License-Identifier: Apache-2.0
"""Pascal VOC: boxes counted from 1, files of other images, and files that would unfold to gigabytes."""

from __future__ import annotations

import pytest

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import noise, read_card, read_layout, write_picture

LAYOUT = {"reader": "voc", "images": "images/{id}.png", "annotations": "pascalvoc/{id}.xml"}


def _xml(*objects, size=(64, 48)):
    entries = "".join(
        f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}"
        f"</ymin><xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"
        for name, box, difficult in objects
    )
    width, height = size
    return f"<annotation><size><width>{width}</width><height>{height}</height></size>{entries}</annotation>"


@pytest.fixture
def films(tmp_path):
    """The layout of GRAZPEDWRI-DX."""
    write_picture(tmp_path / "images" / "0001_1.png", noise((64, 48)))
    (tmp_path / "pascalvoc").mkdir()
    return tmp_path


def _read(root, text, **words):
    (root / "pascalvoc" / "0001_1.xml").write_text(text, encoding="utf-8")
    ((_, drawn),) = read_layout(root, {**LAYOUT, **words}).values()
    return drawn


def test_lists_of_a_set_tell_the_split_and_pixels_count_from_one(tmp_path):
    """The layout of BCCD."""
    base = tmp_path / "BCCD"
    for name in ("BloodImage_00000", "BloodImage_00001"):
        write_picture(base / "JPEGImages" / f"{name}.jpg", noise((64, 48)))
        (base / "Annotations").mkdir(exist_ok=True)
        cells = (("WBC", (1, 1, 64, 48), 0), ("RBC", (3, 5, 3, 6), 1))
        (base / "Annotations" / f"{name}.xml").write_text(_xml(*cells))
    (base / "ImageSets" / "Main").mkdir(parents=True)
    for split, names in (("train", "BloodImage_00001\n"), ("val", ""), ("test", "BloodImage_00000\n")):
        (base / "ImageSets" / "Main" / f"{split}.txt").write_text(names)
    read = read_card(tmp_path, "bccd")
    assert [item.split for item, _ in read.values()] == ["test", "train"]
    white, red = read["BloodImage_00000"][1]
    assert (white.value, white.box) == ("WBC", (0, 0, 64, 48))
    assert (red.value, red.box, red.attributes) == ("RBC", (2, 4, 3, 6), (("difficult", "1"),))


def test_edges_are_taken_as_they_are_where_the_layout_says_so(films):
    (annotation,) = _read(films, _xml(("fracture", (2, 4, 3, 6), 0)), counting="edges")
    assert annotation.box == (2, 4, 3, 6)


def test_a_file_that_declares_entities_is_refused_before_it_unfolds(films):
    bomb = '<!DOCTYPE bomb [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    with pytest.raises(DataError, match=r"0001_1.xml: expected an XML file of boxes without declared entities"):
        _read(films, bomb + _xml(("&c;", (1, 1, 3, 3), 0)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<annotation><object>", "expected an XML file of boxes"),
        (_xml(("wrist", (1, 1, 3, 3), 0), size=(640, 480)), r"in an image of \(64, 48\), the file says \(640, 480\)"),
        (_xml(("wrist", (1, 1, "wide", 3), 0)), "object 1: expected a number in <bndbox/xmax>, got 'wide'"),
        (_xml(("", (1, 1, 3, 3), 0)), "object 1: expected a text in <name>"),
        (_xml(("wrist", (9, 1, 3, 3), 0)), "object 1: expected a box of a size above 0"),
    ],
)
def test_a_bad_file_is_named(films, text, message):
    with pytest.raises(DataError, match=message):
        _read(films, text)
