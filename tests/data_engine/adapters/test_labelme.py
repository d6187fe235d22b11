# SPDX-License-Identifier: Apache-2.0
"""LabelMe: outlines pixel for pixel those of matplotlib, boxes beside outlines, and files that are damaged."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from matplotlib.path import Path as Outline
from PIL import Image

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import block, noise, read_card, read_layout, write_picture

SHAPE = (40, 30)
LAYOUT = {"reader": "labelme", "images": "images/{id}.png", "annotations": "json/{id}.json"}
STAR = [[5.2, 4.1], [20.7, 6.3], [12.4, 9.9], [22.6, 21.2], [9.1, 15.7], [3.3, 24.8]]


def shape(label, points, kind="polygon", **words):
    return {"label": label, "points": points, "shape_type": kind, "group_id": None, "flags": {}, **words}


def file(*shapes, size=SHAPE):
    return json.dumps({"version": "5.4.1", "shapes": shapes, "imageWidth": size[0], "imageHeight": size[1]})


def inside(points):
    """The pixels whose middle matplotlib finds inside."""
    x, y = np.meshgrid(*(np.arange(size) + 0.5 for size in SHAPE), indexing="ij")
    return Outline(points).contains_points(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(SHAPE)


def read(root, text, **words):
    write_picture(root / "images" / "a.png", noise(SHAPE))
    (root / "json").mkdir(exist_ok=True)
    (root / "json" / "a.json").write_text(text, encoding="utf-8")
    ((_, drawn),) = read_layout(root, {**LAYOUT, **words}).values()
    return drawn


def test_an_outline_holds_the_pixels_that_matplotlib_finds_inside(tmp_path):
    (annotation,) = read(tmp_path, file(shape("nodule", STAR)))
    assert (annotation.value, annotation.box) == ("nodule", None)
    assert np.array_equal(annotation.mask.decode(), inside(STAR))
    assert annotation.mask.area > 100


def test_shapes_of_one_group_are_parts_of_one_thing_and_others_are_not(tmp_path):
    other = [[x + 15, y + 4] for x, y in STAR]
    one = read(tmp_path, file(shape("nodule", STAR, group_id=3), shape("nodule", other, group_id=3)))
    assert np.array_equal(one[0].mask.decode(), inside(STAR) | inside(other))
    assert len(one) == 1
    assert len(read(tmp_path, file(shape("nodule", STAR), shape("nodule", other)))) == 2


def test_rectangles_circles_and_carried_masks(tmp_path):
    pixels = block((6, 4), (1, 5), (0, 3))
    picture = io.BytesIO()
    Image.fromarray(pixels.T).save(picture, format="PNG")
    coded = base64.b64encode(picture.getvalue()).decode()
    drawn = read(
        tmp_path,
        file(
            shape("box", [[9.5, 7], [2, 3.25]], "rectangle"),
            shape("disc", [[20, 15], [24, 15]], "circle"),
            shape("stamp", [[30, 20], [35, 23]], "mask", mask=coded),
            shape("tip", [[3, 3]], "point"),
        ),
    )
    disc, stamp, box = drawn
    assert (box.value, box.box, box.mask) == ("box", (2, 3.25, 9.5, 7), None)
    x, y = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    assert np.array_equal(disc.mask.decode(), (x - 20) ** 2 + (y - 15) ** 2 <= 16)
    truth = np.zeros(SHAPE, bool)
    truth[30:36, 20:24] = pixels
    assert np.array_equal(stamp.mask.decode(), truth)


def test_a_box_belongs_to_the_outline_of_its_label_that_it_overlaps_most(tmp_path):
    """The layout of BTXRD: an outline and a box for each tumor, and films without."""
    base = tmp_path / "BTXRD"
    for name in ("IMG000001", "IMG000002"):
        write_picture(base / "images" / f"{name}.jpeg", noise(SHAPE))
    (base / "Annotations").mkdir()
    second = [[x + 15, y + 4] for x, y in STAR]
    shapes = [
        shape("osteosarcoma", STAR),
        shape("osteosarcoma", second),
        shape("osteosarcoma", [[18, 8], [38, 29]], "rectangle"),
        shape("osteosarcoma", [[3, 4], [23, 25]], "rectangle"),
        shape("other bt", [[3, 4], [23, 25]], "rectangle"),
    ]
    (base / "Annotations" / "IMG000001.json").write_text(file(*shapes))
    read = read_card(tmp_path, "btxrd")
    assert read["IMG000002"][1] == ()
    first, other, alone = read["IMG000001"][1]
    assert (first.box, other.box) == ((3, 4, 23, 25), (18, 8, 38, 29))
    assert np.array_equal(other.mask.decode(), inside(second))
    assert (alone.value, alone.mask) == ("other bt", None)


def test_an_outline_outside_of_the_image_is_cut_off(tmp_path):
    far = [[35, 25], [60, 25], [60, 50], [35, 50]]
    (annotation,) = read(tmp_path, file(shape("nodule", far)))
    assert annotation.mask.box.tolist() == [35, 25, 40, 30]
    assert read(tmp_path, file(shape("nodule", [[x + 50, y] for x, y in far]))) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "a.json: expected a JSON file"),
        (json.dumps({"shapes": {}}), "expected 'shapes' of type list"),
        (file(shape("a", STAR), size=(30, 40)), r"expected shapes in an image of \(40, 30\), the file says \(30, 40\)"),
        (file(shape("a", STAR, "polygone")), r"shape 1: expected a shape of .*'polygone' \(did you mean 'polygon'\?\)"),
        (file(shape("a", STAR[:2])), "shape 1: expected at least 3 pairs of numbers of a polygon"),
        (file(shape("a", [["x", 1], [2, 3], [4, 5]])), "shape 1: expected at least 3 pairs of numbers"),
        (file(shape("a", [[4, 4], [4, 9]], "rectangle")), "shape 1: expected a box of a size above 0"),
        (file(shape("a", [[1, 1], [3, 3]], "mask", mask="no picture")), "shape 1: expected a picture in 'mask'"),
        (file({"points": STAR}), "shape 1: expected an object with 'label'"),
    ],
)
def test_a_bad_file_names_the_shape(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)
