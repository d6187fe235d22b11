# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from monai_medglip.data_engine import PhraseTruth, Presence, Region
from monai_medglip.evaluation.predictions import PhrasePrediction
from monai_medglip.evaluation.unit_score import score_unit
from monai_medglip.imaging import MaskRLE

MASK = np.zeros((8, 8), bool)
MASK[2:6, 2:6] = True
HALF = np.zeros((8, 8), bool)
HALF[2:4, 2:6] = True

TRUTH = PhraseTruth(
    presence=Presence.PRESENT,
    instances=(Region("heart", (2, 2, 6, 6), None),),
    mask=MaskRLE.encode(MASK),
    ignore=(),
    scored_as="boxes",
    exhaustive=True,
)
ABSENT = PhraseTruth(Presence.ABSENT_HARD, (), None, (), "boxes", exhaustive=True)
PREDICTION = PhrasePrediction(
    np.array([[2.0, 2, 6, 6], [0, 0, 1, 1]]), np.array([0.9, 0.4]), presence=0.7, mask=MaskRLE.encode(HALF)
)


def score(truth, prediction=PREDICTION, *, shape=(8, 8), baselines=None):
    return score_unit(("films", "p1", "heart"), truth, prediction, shape=shape, baselines=baselines or {})


def test_a_present_phrase_gets_boxes_dice_and_presence():
    unit = score(TRUTH)
    assert unit.matches.hits[0].tolist() == [True, False]
    assert unit.dice == pytest.approx(2 * 8 / (16 + 8))
    assert (unit.presence_score, unit.false_boxes) == (0.7, None)


def test_boxes_over_the_threshold_are_false_where_the_phrase_is_absent():
    assert score(ABSENT).false_boxes == 1
    assert score(ABSENT, dataclasses.replace(PREDICTION, threshold=0.4)).false_boxes == 2


def test_a_missing_mask_where_there_is_one_scores_zero():
    assert score(TRUTH, dataclasses.replace(PREDICTION, mask=None)).dice == 0.0


def test_where_only_boxes_were_drawn_dice_is_not_scored():
    assert score(dataclasses.replace(TRUTH, mask=None)).dice is None


def test_a_label_scored_by_its_mask_has_no_boxes():
    unit = score(dataclasses.replace(TRUTH, scored_as="mask_only"), baselines={"centre_box": PREDICTION})
    assert unit.matches is None
    assert not unit.baselines


def test_an_easy_absent_phrase_is_asked_for_its_presence_alone():
    unit = score(dataclasses.replace(ABSENT, presence=Presence.ABSENT_EASY))
    assert (unit.matches, unit.false_boxes, unit.presence_score) == (None, None, 0.7)


def test_baselines_are_matched_to_the_same_truth():
    unit = score(TRUTH, baselines={"centre_box": PhrasePrediction(np.array([[2.0, 2, 6, 6]]), np.ones(1))})
    assert unit.baselines["centre_box"].hits.all()


@pytest.mark.parametrize(("shape", "lowest"), [((8, 8), 0.5), ((8, 8, 8), 0.3)])
def test_volumes_are_matched_at_a_third_too(shape, lowest):
    empty = PhrasePrediction(np.zeros((0, 2 * len(shape))), np.zeros(0))
    assert score(ABSENT, empty, shape=shape).matches.thresholds[0] == lowest
