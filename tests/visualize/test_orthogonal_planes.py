# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from PIL import ImageDraw

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import AxisPair, Boxes, Frame
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import MaskRLE, Scan
from monai_medglip.visualize import orthogonal_planes, phrase_color
from tests.grounding_phantoms import HEART, POLYP, chest, grey_scan, oblique_frame, rectangle

RAS = Frame(np.diag([2.0, 2.0, 5.0, 1.0]), (40, 30, 8), frozenset(AxisPair), spacing_known=True)
CELL, STEP, HEADING = 400, 408, 36  # side of a cell, from one to the next, height of the line over a row


@pytest.fixture
def texts(monkeypatch):
    """All texts that are drawn."""
    drawn, draw_text = [], ImageDraw.ImageDraw.text

    def record(self, place, text, *arguments, **options):
        drawn.append(text)
        return draw_text(self, place, text, *arguments, **options)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", record)
    return drawn


def one_box(box, frame=RAS):
    heart = chest(frame)[[2]].for_phrase("heart")
    return replace(heart, boxes=Boxes(np.array([box], float), frame), instance_masks=(), phrase_masks=())


def cells(picture):
    """The three cells of the first row."""
    return [picture[HEADING : HEADING + CELL, 8 + STEP * place : 8 + STEP * place + CELL] for place in range(3)]


def outline(cell, color):
    """Left, top, right and bottom of the pixels of exactly that color, below the label."""
    rows, columns = np.nonzero((cell == color).all(axis=-1))
    return [columns.min(), rows.max() + 1, columns.max() + 1]


def test_each_plane_shows_the_box_at_its_size_in_millimeters():
    picture = orthogonal_planes(Scan(np.zeros((1, *RAS.shape), np.uint8), RAS), one_box([10, 10, 2, 26, 20, 6]))
    field = 80  # 2.5 times the longest side is 80 mm, as is the longest side of the volume
    axial, coronal, sagittal = (outline(cell, phrase_color(0)) for cell in cells(picture))
    assert (axial[2] - axial[0]) * field / CELL == pytest.approx(16 * 2, abs=0.5)
    assert (coronal[2] - coronal[0]) * field / CELL == pytest.approx(16 * 2, abs=0.5)
    assert (sagittal[2] - sagittal[0]) * field / CELL == pytest.approx(10 * 2, abs=0.5)


def test_the_box_lies_at_the_patients_side():
    picture = orthogonal_planes(Scan(np.zeros((1, *RAS.shape), np.uint8), RAS), one_box([0, 0, 0, 8, 6, 2]))
    axial, coronal, sagittal = (outline(cell, phrase_color(0)) for cell in cells(picture))
    # low x, y and z of RAS+ are the patient's left, back and feet: at the right and at the bottom
    assert (axial[1], axial[2]) == (coronal[1], coronal[2]) == (sagittal[1], sagittal[2]) == (CELL, CELL)


def stored(order, signs):
    """The phantom, its scan and its regions, in another order of array axes."""
    grounding, scan = chest(RAS), grey_scan(RAS)
    step = np.diag([*signs, 1.0])
    step[:3, 3] = [0 if sign > 0 else size - 1 for sign, size in zip(signs, RAS.shape, strict=True)]
    affine = RAS.affine @ step
    affine[:, :3] = affine[:, list(order)]

    def turned(array):
        return array[tuple(slice(None, None, sign) for sign in signs)].transpose(order)

    frame = Frame(affine, turned(scan.array[0]).shape, RAS.known_axes, spacing_known=True)
    masks = [MaskRLE.encode(turned(mask.decode())) for mask in grounding.phrase_masks[:2]]
    small = MaskRLE.encode(turned(rectangle(RAS.shape, [25, 5, 2, 30, 9, 6])))
    boxes = Boxes(np.array([mask.box for mask in (masks[0], small, masks[1])]), frame)
    return Scan(turned(scan.array[0])[None], frame), replace(
        grounding, boxes=boxes, instance_masks=(), phrase_masks=(*masks, None)
    )


def without_captions(picture):
    """The picture without the numbers of slices, which count as stored."""
    blanked = picture.copy()
    for row, place in product(range(2), range(6)):
        bottom = (row + 1) * (HEADING + CELL + 8) - 8
        blanked[bottom - 40 : bottom, 8 + STEP * place : 8 + STEP * place + 150] = 0
    return blanked


@pytest.fixture(scope="module")
def picture_of_ras():
    return without_captions(orthogonal_planes(*stored((0, 1, 2), (1, 1, 1))))


@pytest.mark.parametrize(
    ("order", "signs"), list(zip(permutations(range(3)), product((-1, 1), repeat=3), strict=False))
)
def test_the_picture_is_the_same_however_the_volume_is_stored(picture_of_ras, order, signs):
    assert np.array_equal(without_captions(orthogonal_planes(*stored(order, signs))), picture_of_ras)


def test_measures_are_told_where_the_spacing_is_known(texts):
    orthogonal_planes(grey_scan(RAS), chest(RAS).for_phrase("heart"))
    assert "28 x 24 x 20 mm    13 ml" in texts
    assert "20 mm" in texts


def test_no_measure_is_made_up(texts):
    frame = replace(RAS, spacing_known=False)
    orthogonal_planes(grey_scan(frame), chest(frame))
    assert not [text for text in texts if "mm" in text or "ml" in text]


def test_the_volume_of_several_regions_is_not_said_of_one_of_them(texts):
    grounding = replace(chest(RAS), instance_masks=())
    orthogonal_planes(grey_scan(RAS), grounding)
    assert [text.count("ml") for text in texts if " x " in text] == [0, 1, 0]


def test_letters_are_written_for_known_axes_only(texts):
    frame = replace(RAS, known_axes=frozenset({AxisPair.POSTERIOR_ANTERIOR, AxisPair.INFERIOR_SUPERIOR}))
    orthogonal_planes(grey_scan(frame), chest(frame))
    assert {text for text in texts if len(text) == 1} == set("APSI")


def test_planes_without_a_name_are_told_by_their_axis(texts):
    orthogonal_planes(grey_scan(Frame.pixel((40, 30, 8))), chest(Frame.pixel((40, 30, 8))))
    assert {"axis 3 · 5/8", "axis 2 · 16/30", "axis 1 · 30/40"} <= set(texts)


def test_the_best_region_of_each_phrase_comes_first_and_the_rest_is_counted(texts):
    count = 9
    many = Grounding(
        boxes=Boxes(np.tile([0, 0, 0, 4, 4, 4.0], (count, 1)), RAS),
        scores=np.linspace(0.1, 0.9, count),
        phrase_index=np.array([0] * 8 + [1]),
        phrases=(HEART, POLYP),
        presence=[0.9, 0.9],
        status=("found", "found"),
        support=("unseen", "unseen"),
    )
    orthogonal_planes(grey_scan(RAS), many)
    assert [text for text in texts if text.startswith("polyp 0.90")]
    assert "6 of 9 regions are shown, the best of each phrase first" in texts
    assert not [text for text in texts if text.startswith("heart 0.1")]


def test_a_mask_without_a_box_is_shown(texts):
    picture = orthogonal_planes(grey_scan(RAS), replace(chest(RAS)[[]], phrases=chest().phrases))
    assert "left lung" in texts
    assert (picture == phrase_color(0)).all(axis=-1).any()


def test_without_regions_the_middle_is_shown_and_said_to_be_empty(texts):
    orthogonal_planes(grey_scan(RAS), Grounding.empty(RAS, (HEART,)))
    assert {"no region found", "axial · 4/8", "heart: not found, absence cannot be told"} <= set(texts)


def test_what_was_missed_is_shown_in_dashes(texts):
    scan = Scan(np.full((1, *RAS.shape), 100, np.uint8), RAS)
    picture = orthogonal_planes(scan, Grounding.empty(RAS, (HEART,)), truth=chest(RAS).for_phrase("heart"))
    assert "heart: truth" in texts
    colors = {tuple(color) for color in cells(picture)[0].reshape(-1, 3).tolist()}
    assert {(0, 0, 0), (255, 255, 255)} <= colors


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 1, 7), (300, 2, 2)])
def test_volumes_of_any_shape_are_drawn(shape):
    frame = Frame.pixel(shape)
    whole = one_box([0, 0, 0, *shape], frame)
    assert orthogonal_planes(grey_scan(frame), whole).dtype == np.uint8


def test_a_2d_image_is_refused():
    with pytest.raises(GeometryError, match="frame of a volume"):
        orthogonal_planes(grey_scan(Frame.pixel((40, 30))), chest())


def test_another_grid_is_refused():
    with pytest.raises(GeometryError, match="grounding on the scan's grid"):
        orthogonal_planes(grey_scan(RAS), chest(oblique_frame((41, 30, 8))))
