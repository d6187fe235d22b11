# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.data_engine import Presence
from monai_medglip.evaluation.phrase_measures import phrase_measures
from monai_medglip.evaluation.unit_score import VOLUME_THRESHOLDS, UnitScore
from monai_medglip.metrics import PatientBootstrap, match_boxes

PATIENTS = [("films", f"p{i}") for i in range(10)] + [("guts", "g0")]
CUBE = [0.0, 0.0, 0.0, 10.0, 10.0, 10.0]
SHIFTED = [0.0, 0.0, 0.0 + 5.0, 10.0, 10.0, 15.0]  # IoU 1/3


def unit(i, presence, presence_score, *, boxes=(), source="films", **more):
    truth = [CUBE] if presence is Presence.PRESENT else []
    scores = [score for _, score in boxes]
    matches = match_boxes([box for box, _ in boxes], scores, truth, thresholds=VOLUME_THRESHOLDS)
    return UnitScore(source, PATIENTS[i][1], "heart", presence, presence_score, 3, matches=matches, **more)


def measures(units, easy=()):
    return phrase_measures(units, easy, PatientBootstrap(PATIENTS, draws=50))


def test_a_box_shifted_by_half_counts_at_a_third_only():
    found = measures([unit(i, Presence.PRESENT, 0.9, boxes=[(SHIFTED, 0.8)]) for i in range(10)])
    assert (found["AP30"].value, found["AP50"].value) == (1.0, 0.0)
    assert found["mIoU"].value == pytest.approx(1 / 3)


def test_hard_and_easy_absence_are_scored_apart():
    present = [unit(i, Presence.PRESENT, 0.6) for i in range(8)]
    hard = [unit(8, Presence.ABSENT_HARD, 0.7, false_boxes=0), unit(9, Presence.ABSENT_HARD, 0.5, false_boxes=0)]
    easy = [UnitScore("guts", "g0", "heart", Presence.ABSENT_EASY, 0.1, 3)]
    found = measures(present + hard, easy)
    assert (found["presence_AUROC_hard"].value, found["presence_AUROC_easy"].value) == (0.5, 1.0)


def test_an_area_rests_on_the_patients_of_its_smaller_side():
    units = [unit(i, Presence.PRESENT, 0.6) for i in range(9)] + [unit(9, Presence.ABSENT_HARD, 0.5)]
    assert len(measures(units)["presence_AUROC_hard"].patients) == 1


def test_false_boxes_are_averaged_over_absent_images():
    units = [unit(0, Presence.PRESENT, 0.9)]
    units += [unit(i, Presence.ABSENT_HARD, 0.2, false_boxes=i % 2) for i in range(1, 5)]
    assert measures(units)["FP"].value == 0.5


def test_boxes_that_nobody_would_see_do_not_calibrate():
    shown = [unit(0, Presence.PRESENT, 0.9, boxes=[(CUBE, 0.7), (SHIFTED, 0.01)])]
    assert measures(shown)["ECE"].n == 1
    assert measures(shown)["ECE"].value == pytest.approx(0.3)


def test_without_a_presence_score_there_is_no_area():
    units = [unit(0, Presence.PRESENT, np.nan), unit(1, Presence.ABSENT_HARD, np.nan)]
    assert "presence_AUROC_hard" not in measures(units)


def test_a_phrase_that_no_image_shows_has_no_precision():
    assert "AP50" not in measures([unit(0, Presence.ABSENT_HARD, 0.2, boxes=[(CUBE, 0.5)], false_boxes=1)])
