# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.metrics import match_boxes, recall_at_one
from monai_medglip.metrics.recall_at_one import top_box_iou

SQUARE = [0.0, 0.0, 10.0, 10.0]
SHIFTED = [0.0, 2.0, 10.0, 12.0]
ELSEWHERE = [50.0, 50.0, 60.0, 60.0]


def test_only_the_best_box_counts():
    assert recall_at_one(match_boxes([ELSEWHERE, SQUARE], [0.9, 0.8], [SQUARE])) == 0.0


def test_any_of_the_true_boxes_will_do():
    assert recall_at_one(match_boxes([SQUARE], [0.9], [ELSEWHERE, SQUARE])) == 1.0


def test_the_iou_of_the_best_box_is_given():
    assert top_box_iou(match_boxes([SHIFTED], [0.9], [SQUARE])) == pytest.approx(80 / 120)


def test_a_harder_threshold_is_a_miss():
    assert recall_at_one(match_boxes([SHIFTED], [0.9], [SQUARE]), threshold=0.75) == 0.0


def test_no_box_is_a_miss():
    match = match_boxes([], [], [SQUARE])
    assert (recall_at_one(match), top_box_iou(match)) == (0.0, 0.0)


def test_an_ignored_best_box_is_passed_over():
    assert recall_at_one(match_boxes([ELSEWHERE, SQUARE], [0.9, 0.8], [SQUARE], ignore=[ELSEWHERE])) == 1.0
