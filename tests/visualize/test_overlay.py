# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image

from monai_medglip.errors import GeometryError, OutputError
from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Grounding, Status, Support
from monai_medglip.imaging import MaskRLE, Scan
from monai_medglip.phrases import Phrase
from monai_medglip.visualize import orthogonal_planes, overlay, phrase_color, write_overlay
from tests.grounding_phantoms import POLYP, chest, grey_scan, oblique_frame, rectangle

FLAT = Frame.pixel((40, 30))


def boxes_only(boxes, frame=FLAT, text="heart"):
    count = len(boxes)
    return Grounding(
        boxes=Boxes(np.array(boxes, float).reshape(count, 4), frame),
        scores=np.linspace(1, 0.5, count),
        phrase_index=np.zeros(count, int),
        phrases=(Phrase(text),),
        presence=[0.9],
        status=(Status.FOUND,),
        support=(Support.VALIDATED,),
    )


def where(picture, color):
    """Columns and rows of the pixels of exactly that color, as bounds [x0, y0, x1, y1]."""
    rows, columns = np.nonzero((picture == color).all(axis=-1))
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
@pytest.mark.parametrize("frame", [FLAT, oblique_frame()], ids=["2D", "3D"])
def test_drawing_changes_neither_scan_nor_grounding(frame, dtype):
    scan, grounding = grey_scan(frame, dtype), chest(frame)
    before = scan.array.copy()
    overlay(scan, grounding, truth=chest(frame))
    assert np.array_equal(scan.array, before)
    assert grounding == chest(frame)


def test_a_box_lies_where_its_columns_and_rows_are():
    picture = overlay(Scan(np.zeros((1, 40, 30), np.uint8), FLAT), boxes_only([[10, 12, 30, 24]]))
    body = picture[:600]
    body = np.where((body == phrase_color(0)).all(axis=-1, keepdims=True), body, 0)
    columns = np.nonzero((body[300] != 0).any(axis=-1))[0]
    rows = np.nonzero((body[:, 500] != 0).any(axis=-1))[0]
    assert (columns[0], columns[-1]) == (200, 599)
    assert (rows[0] <= 240, rows[-1]) == (True, 479)


def test_a_mask_is_tinted_and_keeps_what_is_under_it():
    scan = Scan(np.full((1, 40, 30), 100, np.uint8), FLAT)
    picture = overlay(scan, chest().for_phrase("heart"))
    inside = picture[20 * 20, 20 * 20]
    expected = 100 + 0.32 * (np.array(phrase_color(0)) - 100)
    assert np.abs(inside - expected).max() < 2
    assert picture[10, 10].tolist() == [100, 100, 100]


def test_phrases_have_different_colors():
    picture = overlay(grey_scan(FLAT), chest())
    assert where(picture, phrase_color(0)) != where(picture, phrase_color(1))


def test_small_images_are_enlarged_and_huge_ones_reduced():
    small = overlay(grey_scan(Frame.pixel((120, 90))), Grounding.empty(Frame.pixel((120, 90))))
    huge_frame = Frame.pixel((6000, 3000))
    huge = overlay(Scan(np.zeros((1, 6000, 3000), np.uint8), huge_frame), Grounding.empty(huge_frame))
    assert (small.shape, huge.shape) == ((600, 800, 3), (640, 1280, 3))


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (1, 1, 1), (5, 1, 7)])
def test_images_of_any_shape_are_drawn(shape):
    frame = Frame.pixel(shape)
    assert overlay(grey_scan(frame), Grounding.empty(frame, (POLYP,))).dtype == np.uint8


@pytest.mark.parametrize("phrases", [(), (POLYP,)])
@pytest.mark.parametrize("frame", [FLAT, oblique_frame()], ids=["2D", "3D"])
def test_empty_groundings_are_drawn(frame, phrases):
    empty = Grounding.empty(frame, phrases)
    assert overlay(grey_scan(frame), empty, truth=empty).ndim == 3


@pytest.mark.parametrize("box", [[0, 0, 40, 30], [3, 3, 3, 3], [39, 29, 40, 30], [0, 0, 1, 1], [-5, -5, 50, 50]])
def test_boxes_at_every_border_are_drawn(box):
    assert overlay(grey_scan(FLAT), boxes_only([box])).shape[1] == 800


def test_five_hundred_boxes_and_a_very_long_phrase_are_drawn():
    low = np.random.default_rng(0).uniform(0, [30, 20], (500, 2))
    many = boxes_only(np.hstack([low, low + 5]), text="肺 " + "long " * 100)
    assert overlay(grey_scan(FLAT), many).shape[1] == 800


def test_truth_is_drawn_in_black_and_white():
    scan = Scan(np.full((1, 40, 30), 100, np.uint8), FLAT)
    picture = overlay(scan, Grounding.empty(FLAT), truth=boxes_only([[10, 12, 30, 24]]))
    border = picture[241, 210:590]
    assert {tuple(color) for color in border.tolist()} == {(0, 0, 0), (255, 255, 255)}


def test_a_volume_is_shown_by_its_orthogonal_planes():
    scan, grounding = grey_scan(oblique_frame()), chest(oblique_frame())
    assert np.array_equal(overlay(scan, grounding), orthogonal_planes(scan, grounding))


def test_the_window_can_be_given():
    frame = Frame.pixel((20, 10))
    picture = overlay(grey_scan(frame, np.float32), Grounding.empty(frame), window=(300, 400))
    assert picture.max() == 0


@pytest.mark.parametrize("name", ["grounding", "truth"])
def test_a_grounding_of_another_image_is_refused(name):
    other = {"grounding": chest(), "truth": chest(), name: Grounding.empty(Frame.pixel((7, 7)))}
    with pytest.raises(GeometryError, match=rf"{name} on the scan's grid \(40, 30\), got one on \(7, 7\)"):
        overlay(grey_scan(FLAT), other["grounding"], truth=other["truth"])


def test_the_written_picture_is_the_drawn_one(tmp_path):
    write_overlay(tmp_path / "a.png", grey_scan(FLAT), chest())
    assert np.array_equal(np.asarray(Image.open(tmp_path / "a.png")), overlay(grey_scan(FLAT), chest()))


def test_a_suffix_that_is_no_picture_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"ends in .png or .jpg"):
        write_overlay(tmp_path / "a.txt", grey_scan(FLAT), chest())
    assert list(tmp_path.iterdir()) == []


def test_masks_without_boxes_are_drawn():
    masks_only = dataclasses.replace(chest()[[]], phrases=chest().phrases)
    assert (overlay(grey_scan(FLAT), masks_only) == phrase_color(0)).all(axis=-1).any()


@pytest.mark.parametrize("shape", [(40, 30), (2600, 1300)], ids=["enlarged", "reduced"])
@pytest.mark.parametrize("low", [0, 0.37, 0.9])
def test_a_mask_covers_the_pixels_of_its_voxels(shape, low):
    frame = Frame.pixel(shape)
    box = np.rint(np.array([low, low, low + 0.1, low + 0.1]) * np.tile(shape, 2)).astype(int)
    masks_only = dataclasses.replace(
        Grounding.empty(frame, (POLYP,)), phrase_masks=(MaskRLE.encode(rectangle(shape, box)),)
    )
    picture = overlay(Scan(np.zeros((1, *shape), np.uint8), frame), masks_only)
    width = picture.shape[1]
    body = picture[: round(width * shape[1] / shape[0])]
    rows, columns = np.nonzero(body.any(axis=-1))
    drawn = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    assert np.abs(np.array(drawn) - box * width / shape[0]).max() <= 1
