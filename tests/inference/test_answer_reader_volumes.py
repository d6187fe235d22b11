# SPDX-License-Identifier: Apache-2.0
"""Reading an answer about a volume: boxes from masks and the second look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from monai_medglip.inference import AnswerReader, OperatingPoint, PhraseRules, PlacedScan, ValidatedPhrases
from monai_medglip.inference.refinement import Refinement
from monai_medglip.phrases import parse_phrase
from tests.inference.test_candidates import prediction_of
from tests.inference.volume_scans import random_volume, volume_scan

HEART = parse_phrase("heart")
MASK_BOX = pytest.approx([29 / 3, 23 / 3, 23 / 3, 73 / 3, 73 / 3, 73 / 3])
"""Of the block that `prediction` draws: two thirds of the way from its outermost centers to the next."""

FIRST, OTHER = [8.0, 8, 8, 24, 24, 24], [26.0, 2, 2, 31, 8, 8]
POINT = OperatingPoint(canvas=(32, 32, 32))


@pytest.fixture(scope="module")
def placed():
    """A volume whose voxels are those of its canvas."""
    return PlacedScan.on_canvas(volume_scan(random_volume(32, 32, 32)), (32, 32, 32))


def prediction(*boxes, mask=(10, 8, 8, 24, 24, 24)):
    """Boxes of one phrase with falling scores, and a mask that fills a block."""
    told = prediction_of([(box, 0.9 - 0.1 * rank) for rank, box in enumerate(boxes)])
    told["masks"] = torch.full((1, 1, 16, 16, 16), -9.0)
    low, high = (np.array(mask) // 2).reshape(2, 3)
    # twice as far from 0 as outside: then interpolation rounds no corner off and moves no face
    told["masks"][0, 0, low[0] : high[0], low[1] : high[1], low[2] : high[2]] = 18.0
    return told


class ToldRefiner:
    """Answers with what it is told, and remembers what it was asked."""

    def __init__(self, placed, *, box=None, logit=-9.0, growth=0.0, blind=False) -> None:
        self.window = placed.window(placed.scan.frame.extent, 32**3)
        self.box, self.logit, self.growth, self.blind = box, logit, growth, blind
        self.asked: list[tuple[object, list[float]]] = []

    def __call__(self, placed, phrase, box):
        self.asked.append((phrase, box.tolist()))
        if self.blind:
            return None
        core = box + self.growth * np.repeat([-1, 1], 3)
        found = box if self.box is None else np.array(self.box)
        return Refinement(self.window, core, found, torch.full((16, 16, 16), self.logit))


def read(told, placed, phrase=HEART, *, refiner=None, threshold=None, **settings):
    reader = AnswerReader(replace(POINT, **settings), PhraseRules(ValidatedPhrases()), refiner=refiner)
    return reader.read(told, placed, [phrase], threshold=threshold)


def block(*edges):
    mask = np.zeros((32, 32, 32), bool)
    mask[tuple(slice(a, b) for a, b in zip(edges[:3], edges[3:], strict=True))] = True
    return mask


def test_boxes_are_the_predicted_sides_when_nothing_else_is_asked_for(placed):
    found = read(prediction(FIRST), placed)
    assert found.boxes.data.tolist() == [FIRST]
    assert (found.phrase_masks[0].decode() == block(10, 8, 8, 24, 24, 24)).all()


def test_the_best_box_of_a_kind_can_be_that_of_its_mask(placed):
    found = read(prediction(FIRST, OTHER), placed, mask_boxes=("organ",))
    assert found.boxes.data.tolist() == [MASK_BOX, OTHER]
    assert (found.instance_masks[0].decode() == block(10, 8, 8, 24, 24, 24)).all()
    assert found.instance_masks[1] is None


@pytest.mark.parametrize(
    ("text", "levels", "taken"),
    [
        ("heart", ("lesion", "finding"), False),
        ("heart", ("lesion", "organ"), True),
        ("lung tumor", ("organ",), False),
        ("lung tumor", ("lesion",), True),
        ("something round", ("organ", "structure", "lesion"), False),
    ],
)
def test_only_phrases_of_those_kinds_are_boxed_by_their_mask(placed, text, levels, taken):
    found = read(prediction(FIRST), placed, parse_phrase(text), mask_boxes=levels)
    assert (found.boxes.data[0].tolist() == MASK_BOX) == taken


def test_an_empty_mask_leaves_the_predicted_sides(placed):
    told = prediction(FIRST)
    told["masks"][:] = -9.0
    assert read(told, placed, mask_boxes=("organ",)).boxes.data.tolist() == [FIRST]


def test_the_second_look_moves_boxes_and_keeps_scores(placed):
    refiner = ToldRefiner(placed, box=[9, 9, 9, 23, 23, 23])
    found = read(prediction(FIRST), placed, refiner=refiner, refine=True)
    assert found.boxes.data.tolist() == [[9, 9, 9, 23, 23, 23]]
    assert found.scores.tolist() == pytest.approx([0.9])


@pytest.mark.parametrize("growth", [0, 2])
def test_the_second_mask_counts_inside_the_core_alone(placed, growth):
    told = prediction([12.0, 12, 12, 20, 20, 20], mask=(0, 0, 0, 32, 32, 32))
    found = read(told, placed, refiner=ToldRefiner(placed, growth=growth), refine=True)
    core = block(*[12 - growth] * 3, *[20 + growth] * 3)
    assert (found.phrase_masks[0].decode() == ~core).all()


def test_the_second_mask_can_add_what_the_first_one_missed(placed):
    refiner = ToldRefiner(placed, logit=9.0, growth=1)
    found = read(prediction([12.0, 12, 12, 20, 20, 20], mask=(0,) * 6), placed, refiner=refiner, refine=True)
    assert (found.phrase_masks[0].decode() == block(*[11] * 3, *[21] * 3)).all()
    assert (found.instance_masks[0].decode() == block(*[12] * 3, *[20] * 3)).all()


def test_a_core_that_reaches_beyond_the_scan_ends_with_it(placed):
    refiner = ToldRefiner(placed, logit=9.0, growth=40)
    assert read(prediction(FIRST), placed, refiner=refiner, refine=True).phrase_masks[0].area == 32**3


def test_a_mask_box_is_taken_from_the_second_look(placed):
    refiner = ToldRefiner(placed, box=[12, 12, 12, 20, 20, 20], logit=9.0)
    told = prediction([12.0, 12, 12, 20, 20, 20], mask=(12, 12, 12, 20, 20, 22))
    found = read(told, placed, refiner=refiner, refine=True, mask_boxes=("organ",))
    assert found.boxes.data.tolist() == [[8, 8, 8, 24, 24, 24]]  # its mask is everywhere: half the box beyond it


def test_what_has_no_finer_detail_stays_as_it_was_at_first(placed):
    blind = read(prediction(FIRST), placed, refiner=ToldRefiner(placed, blind=True), refine=True)
    plain = read(prediction(FIRST), placed)
    assert blind.boxes == plain.boxes
    assert blind.phrase_masks == plain.phrase_masks


def test_nothing_is_looked_at_again_where_the_operating_point_does_not_ask_for_it(placed):
    refiner = ToldRefiner(placed)
    read(prediction(FIRST), placed, refiner=refiner)
    assert refiner.asked == []


def test_a_phrase_is_asked_by_its_concepts_name(placed):
    synonym = parse_phrase("cardiac silhouette")
    assert synonym.concept == "heart"
    refiner = ToldRefiner(placed)
    read(prediction(FIRST), placed, synonym, refiner=refiner, refine=True)
    assert refiner.asked[0][0].text == "heart"


def rows_of_boxes(count):
    """Boxes that do not overlap, 4 voxels on each side."""
    corners = [np.array([x, y, 0]) for x in range(0, 32, 8) for y in range(0, 32, 8)][:count]
    return [[*corner.astype(float), *(corner + 4.0)] for corner in corners]


def test_the_eight_best_boxes_are_looked_at_again(placed):
    boxes = rows_of_boxes(10)
    told = prediction_of([(box, 0.95 - 0.01 * rank) for rank, box in enumerate(boxes)])
    told["masks"] = torch.full((1, 1, 16, 16, 16), 9.0)
    refiner = ToldRefiner(placed)
    found = read(told, placed, refiner=refiner, refine=True)
    assert len(found) == 10
    assert [box for _, box in refiner.asked] == boxes[:8]


def test_candidates_below_the_threshold_get_no_second_look(placed):
    refiner = ToldRefiner(placed)
    told = prediction_of([(FIRST, 0.9), (OTHER, 0.2)]) | {"masks": torch.full((1, 1, 16, 16, 16), 9.0)}
    found = read(told, placed, refiner=refiner, refine=True, threshold=0.0)
    assert len(found) == 2
    assert [box for _, box in refiner.asked] == [FIRST]


def test_the_best_candidate_gets_one_though_it_is_below_the_threshold(placed):
    refiner = ToldRefiner(placed, box=[9, 9, 9, 23, 23, 23])
    told = prediction_of([(FIRST, 0.3), (OTHER, 0.2)]) | {"masks": torch.full((1, 1, 16, 16, 16), 9.0)}
    found = read(told, placed, refiner=refiner, refine=True, threshold=0.0)
    assert [box for _, box in refiner.asked] == [FIRST]
    assert found.boxes.data.tolist() == [[9, 9, 9, 23, 23, 23], OTHER]
    assert found.instance_masks == (None, None)


def test_a_phrase_that_is_not_found_is_not_looked_at_again(placed):
    refiner = ToldRefiner(placed)
    told = prediction_of([(FIRST, 0.3)]) | {"masks": torch.full((1, 1, 16, 16, 16), 9.0)}
    assert len(read(told, placed, refiner=refiner, refine=True)) == 0
    assert refiner.asked == []
