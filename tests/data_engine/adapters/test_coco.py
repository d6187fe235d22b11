# SPDX-License-Identifier: Apache-2.0
"""COCO JSON: boxes, polygons and both run-length codings as pycocotools has them; nested categories; bad indices."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pycocotools import mask as coco

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import block, noise, read_card, read_layout, write_picture

SHAPE = (40, 30)
POLYGON = [3.5, 4.0, 30.25, 6.5, 22.0, 25.75, 8.0, 20.0]
LAYOUT = {"reader": "coco", "annotations": "{split:train|val}.json", "images": "images/{file_name}"}


def _write(root, *annotations, categories=({"id": 7, "name": "polyp"},), images=None, name="train.json"):
    images = images if images is not None else [{"id": 1, "file_name": "a.png", "width": 40, "height": 30}]
    for image in images:
        write_picture(root / "images" / image["file_name"], noise(SHAPE))
    content = {"images": images, "annotations": list(annotations), "categories": list(categories)}
    (root / name).write_text(json.dumps(content), encoding="utf-8")
    return root


def _entry(**keys):
    return {"id": 5, "image_id": 1, "category_id": 7, **keys}


def _only(root, layout=LAYOUT):
    ((item, drawn),) = read_layout(root, layout).values()
    return item, drawn


def test_a_box_is_a_corner_and_a_size_and_the_index_tells_the_split(tmp_path):
    item, (annotation,) = _only(_write(tmp_path, _entry(bbox=[3, 4.5, 10, 6])))
    assert (item.id, item.split) == ("images_a", "train")
    assert (annotation.value, annotation.box, annotation.mask) == ("polyp", (3, 4.5, 13, 10.5), None)


def test_polygons_are_those_of_pycocotools(tmp_path):
    parts = [POLYGON, [31.0, 20.0, 38.0, 20.0, 35.0, 28.5]]
    _, (annotation,) = _only(_write(tmp_path, _entry(bbox=[3.5, 4, 34.5, 24.5], segmentation=parts)))
    truth = coco.decode(coco.merge(coco.frPyObjects(parts, 30, 40))).T.astype(bool)
    assert np.array_equal(annotation.mask.decode(), truth)


@pytest.mark.parametrize("compressed", [True, False])
def test_run_lengths_are_read_compressed_or_not(tmp_path, compressed):
    mask = block(SHAPE, (5, 20), (0, 9)) | block(SHAPE, (39, 40), (29, 30))
    coded = coco.encode(np.asfortranarray(mask.T.astype(np.uint8)))
    if compressed:
        segmentation = {"size": coded["size"], "counts": coded["counts"].decode()}
    else:
        flat = mask.ravel()  # (x, y) in C order is COCO's column by column
        edges = np.flatnonzero(np.diff(flat.astype(int), prepend=0, append=0))
        counts = np.diff(edges, prepend=0, append=flat.size)
        segmentation = {"size": [30, 40], "counts": counts[: len(counts) - (counts[-1] == 0)].tolist()}
    _, (annotation,) = _only(_write(tmp_path, _entry(segmentation=segmentation, iscrowd=1)))
    assert np.array_equal(annotation.mask.decode(), mask)


def test_nested_categories_are_filled_into_templates(tmp_path):
    """The layout of DENTEX, read for teeth and for diseases at once."""
    folder = tmp_path / "xrays"
    write_picture(folder / "train_0.png", noise(SHAPE))
    content = {
        "images": [{"id": 12, "file_name": "train_0.png", "width": 40, "height": 30}],
        "annotations": [
            {
                "id": 1,
                "image_id": 12,
                "bbox": [1, 2, 3, 4],
                "segmentation": [[1, 2, 4, 2, 4, 6, 1, 6]],
                "category_id_1": 0,
                "category_id_2": 7,
                "category_id_3": 1,
            }
        ],
        "categories_1": [{"id": number, "name": str(number + 1)} for number in range(4)],
        "categories_2": [{"id": number, "name": str(number + 1)} for number in range(8)],
        "categories_3": [{"id": 0, "name": "Impacted"}, {"id": 1, "name": "Caries"}],
    }
    (tmp_path / "train.json").write_text(json.dumps(content), encoding="utf-8")
    layout = {
        "reader": "coco",
        "annotations": "train.json",
        "images": "xrays/{file_name}",
        "values": ["tooth {category_id_1}{category_id_2}", "{category_id_3}"],
        "categories": {f"category_id_{number}": f"categories_{number}" for number in (1, 2, 3)},
    }
    ((_, drawn),) = read_layout(tmp_path, layout).values()
    assert [annotation.value for annotation in drawn] == ["tooth 18", "Caries"]

    card = tmp_path / "training_data" / "quadrant-enumeration-disease"
    write_picture(card / "xrays" / "train_0.png", noise(SHAPE))
    (card / "train_quadrant_enumeration_disease.json").write_text(json.dumps(content), encoding="utf-8")
    ((_, drawn),) = read_card(tmp_path, "dentex").values()
    assert [annotation.value for annotation in drawn] == ["Caries"]


def test_keys_of_an_annotation_can_be_kept(tmp_path):
    """As MS-CXR keeps the phrase that was grounded."""
    _write(tmp_path, _entry(bbox=[3, 4, 10, 6], label_text="small left effusion"))
    _, (annotation,) = _only(tmp_path, {**LAYOUT, "attributes": "label_text"})
    assert annotation.attributes == (("label_text", "small left effusion"),)


def test_an_image_without_annotations_has_nothing_in_it(tmp_path):
    assert _only(_write(tmp_path))[1] == ()


def test_images_in_folders_that_the_index_does_not_name_are_found(tmp_path):
    _write(tmp_path, _entry(bbox=[3, 4, 10, 6]))
    (tmp_path / "images" / "Fractured").mkdir()
    (tmp_path / "images" / "a.png").rename(tmp_path / "images" / "Fractured" / "a.png")
    item, _ = _only(tmp_path, {**LAYOUT, "images": {"files": "images/{kind}/{file_name}", "id": "{file_name}"}})
    assert item.image == tmp_path / "images" / "Fractured" / "a.png"


def test_an_image_that_words_do_not_tell_apart_is_refused(tmp_path):
    _write(tmp_path, _entry(bbox=[3, 4, 10, 6]))
    for kind in ("Fractured", "Whole"):
        write_picture(tmp_path / "images" / kind / "a.png", noise(SHAPE))
    with pytest.raises(DataError, match=r"expected one image of file_name 'a.png', got .*Fractured.* and .*Whole"):
        _only(tmp_path, {**LAYOUT, "images": "images/{kind}/{file_name}"})


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (_entry(image_id=2, bbox=[1, 1, 1, 1]), r"train.json, annotation 5: .*'image_id', got 2"),
        (_entry(category_id=8, bbox=[1, 1, 1, 1]), r"annotation 5: .*listed categories 7 \(polyp\), got 8"),
        (_entry(bbox=[1, 1, -4, 1]), r"annotation 5: expected a box of a size above 0"),
        (_entry(bbox=[1, 1, "wide", 1]), r"annotation 5: expected a 'bbox' of four numbers"),
        (_entry(bbox=[1, 1, float("nan"), 1]), r"annotation 5: expected a box of a size above 0"),
        (_entry(segmentation=[[1, 2, 3]]), r"annotation 5: expected a polygon of at least three pairs"),
        (_entry(segmentation={"size": [40, 30], "counts": [1200]}), r"run lengths of the size \[30, 40\]"),
        (_entry(segmentation={"size": [30, 40], "counts": [7]}), r"annotation 5: expected run lengths that fill"),
        (_entry(), r"annotation 5: expected a 'bbox' or a 'segmentation'"),
        ({"id": 5, "category_id": 7}, r"annotations\[0\]: expected an object with 'image_id'"),
    ],
)
def test_a_bad_entry_is_named(tmp_path, entry, message):
    with pytest.raises(DataError, match=message):
        _only(_write(tmp_path, entry))


def test_a_name_that_leaves_the_folder_is_refused(tmp_path):
    (tmp_path / "train.json").write_text(
        json.dumps({"images": [{"id": 1, "file_name": "../../etc/a.png"}], "annotations": [], "categories": []})
    )
    with pytest.raises(DataError, match=r"expected a path below the data set's folder, got 'images/../../etc/a.png'"):
        _only(tmp_path)
