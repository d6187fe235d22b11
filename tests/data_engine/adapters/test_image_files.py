# SPDX-License-Identifier: Apache-2.0
"""What layouts tell of images: patients, splits and other facts, from names, tables and lists."""

from __future__ import annotations

import pytest

from monai_medglip.errors import ConfigurationError, DataError
from monai_medglip.imaging.modality import Modality
from tests.data_engine.adapters.reading import noise, read_layout, write_picture


@pytest.fixture
def folder(tmp_path):
    for name in ("p1_a", "p1_b", "p2_a"):
        write_picture(tmp_path / "images" / f"{name}.png", noise((6, 5)))
    return tmp_path


def _items(root, **images):
    layout = {
        "reader": "label_map",
        "images": {"files": "images/{id}.png", **images},
        "masks": "masks/{id}.png",
        "without_file": "empty",
    }
    return [item for item, _ in read_layout(root, layout).values()]


def test_without_a_word_the_id_is_the_patient_and_nothing_else_is_known(folder):
    item = _items(folder)[0]
    assert (item.id, item.patient, item.split, item.modality) == ("p1_a", "p1_a", None, Modality.UNKNOWN)
    assert item.body_region is None


def test_the_path_is_the_id_where_no_part_is_called_so(folder):
    assert _items(folder, files="images/{patient}_{film}.png")[0].id == "images_p1_a"


def test_names_tell_patients_and_an_id(folder):
    items = _items(folder, files="images/{patient}_{film}.png", id="{patient}{film}")
    assert [(item.id, item.patient) for item in items] == [("p1a", "p1"), ("p1b", "p1"), ("p2a", "p2")]


def test_a_table_tells_of_images_by_a_key(folder):
    rows = "file;who;set;view\np1_a.png;Ann;1;PA\np1_b.png;Ann;1;L\np2_a.png;Bob;3;\n"
    (folder / "meta.csv").write_text(rows)
    table = {"table": "meta.csv", "key_column": "file", "key": "{id}.png", "delimiter": ";"}
    items = _items(
        folder,
        patient={**table, "column": "who"},
        split={**table, "column": "set", "words": {1: "train", 3: "test"}},
        attributes={"view": {**table, "column": "view"}},
        modality="x-ray",
    )
    assert [(item.patient, item.split) for item in items] == [("Ann", "train"), ("Ann", "train"), ("Bob", "test")]
    assert [item.attributes for item in items] == [(("view", "PA"),), (("view", "L"),), ()]
    assert {item.modality for item in items} == {Modality.XR}


def test_lists_tell_the_split(folder):
    (folder / "train.txt").write_text("p1_a\n\np1_b\n")
    (folder / "test.txt").write_text("p2_a\n")
    items = _items(folder, split={"lists": {"train": "train.txt", "test": "test.txt"}})
    assert [item.split for item in items] == ["train", "train", "test"]


def test_an_image_in_two_lists_is_refused(folder):
    (folder / "train.txt").write_text("p1_a\n")
    (folder / "test.txt").write_text("p2_a\np1_a\n")
    with pytest.raises(
        DataError, match=r"test.txt, line 2: expected every image in one list, 'p1_a' is also in .*train"
    ):
        _items(folder, split={"lists": {"train": "train.txt", "test": "test.txt"}})


def test_a_table_that_says_two_things_of_an_image_is_refused(folder):
    (folder / "meta.csv").write_text("file,who\np1_a,Ann\np1_a,Bob\n")
    with pytest.raises(
        DataError, match=r"meta.csv, line 3: expected one 'who' for 'p1_a', got 'Bob' and before it 'Ann'"
    ):
        _items(folder, patient={"table": "meta.csv", "column": "who", "key_column": "file"})


def test_a_table_without_the_column_is_refused(folder):
    (folder / "meta.csv").write_text("file,whom\np1_a,Ann\n")
    with pytest.raises(DataError, match=r"meta.csv, line 1: expected a column who, got file, whom"):
        _items(folder, patient={"table": "meta.csv", "column": "who", "key_column": "file"})


def test_a_split_of_another_name_is_refused_with_what_to_do(folder):
    with pytest.raises(DataError, match="expected the split to be train, val or test, got 'fold 1'; say under 'words'"):
        _items(folder, split="fold 1")


def test_a_template_with_an_unknown_name_is_refused(folder):
    with pytest.raises(DataError, match=r"expected names among id in '\{person\}', got person"):
        _items(folder, patient="{person}")


def test_no_pattern_at_all_is_refused(folder):
    with pytest.raises(ConfigurationError, match="expected a pattern of the images' paths"):
        _items(folder, files=[])
