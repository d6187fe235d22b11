# SPDX-License-Identifier: Apache-2.0
"""Words of size and place, of one patient stored in many ways: the words follow the patient, not the array."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from monai_medglip.geometry import AxisPair, Frame
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.ontology import Ontology
from monai_medglip.phrases.descriptions import DescriptionKind, describe
from monai_medglip.phrases.seen_region import SeenRegion, SeenRegions

SHAPE = (40, 30, 20)
SPACING_MM = (2.0, 1.5, 3.0)
# In RAS+ order: x to the right, y to the front, z to the head.
PATIENT = (
    ("left lung", (2, 5, 2, 17, 25, 18)),
    ("right lung", (23, 5, 2, 38, 25, 18)),
    ("heart", (18, 8, 3, 22, 20, 9)),
    ("lung tumor", (4, 19, 14, 8, 23, 17)),
    ("lung tumor", (26, 6, 3, 28, 8, 4)),
)
EVERYTHING = frozenset(AxisPair)


def seen_as_stored(order: tuple[int, int, int], flips: tuple[bool, bool, bool], **known: object) -> SeenRegions:
    """The patient in an array whose axes are in some order and direction, with the affine that says so."""
    affine = np.diag([*SPACING_MM, 1.0])
    shape = SHAPE
    regions = [(name, np.array(box, float).reshape(2, 3)) for name, box in PATIENT]
    for axis, flip in enumerate(flips):
        if flip:
            turn = np.eye(4)
            turn[axis, axis], turn[axis, 3] = -1, shape[axis] - 1
            affine = affine @ turn
            for _, box in regions:
                box[:, axis] = shape[axis] - box[::-1, axis]
    picked = np.eye(4)[[*order, 3]].T
    boxes = [(name, box[:, list(order)]) for name, box in regions]
    frame = Frame(
        affine @ picked, tuple(shape[axis] for axis in order), known.get("axes", EVERYTHING), known.get("mm", True)
    )
    return SeenRegions(tuple(SeenRegion(name, tuple(box.ravel())) for name, box in boxes), frame)


def words(seen: SeenRegions, index: int) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(d.before, d.after, d.regions) for d in describe(seen, index, Ontology.default())]


def test_a_tumor_is_described_by_size_rank_lobe_and_landmark() -> None:
    assert words(seen_as_stored((0, 1, 2), (False, False, False)), 3) == [
        ("9 mm", "", (3,)),
        ("largest", "", (3,)),
        ("", "in the left lung", (3,)),
        ("", "in the upper anterior lateral part of the left lung", (3,)),
        ("", "to the left of the heart", (3,)),
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("flips", list(product((False, True), repeat=3)))
def test_the_words_do_not_depend_on_how_the_volume_is_stored(order, flips) -> None:
    plain, stored = seen_as_stored((0, 1, 2), (False,) * 3), seen_as_stored(order, flips)
    for index in range(len(PATIENT)):
        assert words(stored, index) == words(plain, index)


def test_in_a_mirrored_patient_left_and_right_change_places_and_nothing_else() -> None:
    other = {"left": "right", "right": "left"}
    plain = seen_as_stored((0, 1, 2), (False,) * 3)
    mirrored = []
    for name, box in PATIENT:
        low, high = np.array(box, float).reshape(2, 3)
        low[0], high[0] = SHAPE[0] - high[0], SHAPE[0] - low[0]
        mirrored.append(SeenRegion(" ".join(other.get(word, word) for word in name.split()), (*low, *high)))
    reflected = SeenRegions(tuple(mirrored), plain.frame)
    for index in range(len(PATIENT)):
        swapped = [
            (before, " ".join(other.get(word, word) for word in after.split()), regions)
            for before, after, regions in words(plain, index)
        ]
        assert words(reflected, index) == swapped


def test_turned_by_a_few_degrees_the_words_stay() -> None:
    plain = seen_as_stored((0, 1, 2), (False,) * 3)
    cosine, sine = np.cos(np.radians(4)), np.sin(np.radians(4))
    turn = np.array([[cosine, -sine, 0, 0], [sine, cosine, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    turned = SeenRegions(plain.regions, Frame(turn @ plain.frame.affine, SHAPE, EVERYTHING, True))
    assert [row[1] for row in words(turned, 3)] == [row[1] for row in words(plain, 3)]


def test_without_known_axes_no_direction_is_told() -> None:
    told = words(seen_as_stored((0, 1, 2), (False,) * 3, axes=frozenset()), 3)
    assert [after for _, after, _ in told] == ["", "", "in the left lung"]


def test_with_one_known_axis_that_direction_alone_is_told() -> None:
    told = words(seen_as_stored((0, 1, 2), (False,) * 3, axes=frozenset({AxisPair.INFERIOR_SUPERIOR})), 3)
    assert "in the upper part of the left lung" in [after for _, after, _ in told]
    assert not any("left of" in after or "anterior" in after for _, after, _ in told)


def test_without_spacing_no_millimeter_is_told() -> None:
    assert all(
        description.kind is not DescriptionKind.SIZE
        for description in describe(seen_as_stored((0, 1, 2), (False,) * 3, mm=False), 3, Ontology.default())
    )


def test_masks_decide_what_lies_inside_where_there_are_masks() -> None:
    lung, tumor = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    lung[2:18, 2:8] = True
    lung[2:4, 2:18] = True
    tumor[10:14, 12:16] = True
    with_masks = SeenRegions(
        (
            SeenRegion("left lung", (2.0, 2.0, 18.0, 18.0), MaskRLE.encode(lung)),
            SeenRegion("lung tumor", (10.0, 12.0, 14.0, 16.0), MaskRLE.encode(tumor)),
        ),
        Frame.pixel((20, 20)),
    )
    by_boxes = SeenRegions(tuple(SeenRegion(r.concept, r.box) for r in with_masks.regions), with_masks.frame)
    assert words(with_masks, 1) == []
    assert words(by_boxes, 1) == [("", "in the left lung", (1,))]


def test_a_thing_is_not_said_to_be_in_a_structure_that_cannot_hold_it() -> None:
    seen = SeenRegions(
        (SeenRegion("heart", (0.0, 0.0, 9.0, 9.0)), SeenRegion("lung tumor", (2.0, 2.0, 4.0, 4.0))),
        Frame.pixel((10, 10)),
    )
    assert words(seen, 1) == []
