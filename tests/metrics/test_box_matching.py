# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.metrics import match_boxes

SQUARE = [0.0, 0.0, 10.0, 10.0]
SHIFTED = [0.0, 2.0, 10.0, 12.0]  # IoU with SQUARE is 80 / 120


def test_the_better_scored_box_takes_the_truth_and_its_double_is_false():
    match = match_boxes([SHIFTED, SQUARE], [0.9, 0.8], [SQUARE], thresholds=[0.5, 0.75])
    assert match.hits.tolist() == [[True, False], [False, True]]


def test_boxes_are_ranked_by_score():
    match = match_boxes([SQUARE, SHIFTED], [0.1, 0.7], [SQUARE], thresholds=[0.5])
    assert match.scores.tolist() == [0.7, 0.1]
    np.testing.assert_allclose(match.best_iou, [2 / 3, 1.0])


def test_two_truths_take_two_boxes():
    match = match_boxes([SQUARE, SHIFTED], [0.9, 0.8], [SHIFTED, SQUARE], thresholds=[0.5])
    assert match.hits.tolist() == [[True, True]]


def test_a_box_inside_an_ignore_region_counts_neither_way():
    match = match_boxes([[20, 20, 24, 24]], [0.9], [SQUARE], ignore=[[18, 18, 40, 40]], thresholds=[0.5])
    assert match.ignored.tolist() == [[True]]


@pytest.mark.parametrize(("low", "ignored"), [(15.0, True), (14.9, False)])
def test_half_a_box_inside_an_ignore_region_is_enough(low, ignored):
    match = match_boxes([[low, 0, low + 10, 10]], [0.9], [], ignore=[[20, 0, 40, 10]], thresholds=[0.5])
    assert match.ignored[0, 0] == ignored


def test_a_hit_is_never_ignored():
    match = match_boxes([SQUARE], [0.9], [SQUARE], ignore=[SQUARE], thresholds=[0.5])
    assert match.hits[0, 0]
    assert not match.ignored[0, 0]


def test_volumes_are_matched_like_images():
    match = match_boxes([[0, 0, 0, 4, 4, 4]], [0.9], [[0, 0, 0, 4, 4, 5]], thresholds=[0.75, 0.85])
    assert match.hits.tolist() == [[True], [False]]


@pytest.mark.parametrize("boxes", [[], np.zeros((0, 4)), np.zeros((0, 6))])
def test_no_boxes_match_nothing(boxes):
    match = match_boxes(boxes, [], [SQUARE], thresholds=[0.5])
    assert match.hits.shape == (1, 0)
    assert match.truth_count == 1


def test_only_the_best_hundred_boxes_are_looked_at():
    match = match_boxes(np.tile(SQUARE, (150, 1)), np.linspace(0, 1, 150), [])
    assert len(match.scores) == 100
    assert match.scores.min() > 0.3


def test_a_score_short_is_said():
    with pytest.raises(ValueError, match="2 boxes and 1 scores"):
        match_boxes([SQUARE, SQUARE], [0.5], [])


def test_a_nan_score_is_refused():
    with pytest.raises(ValueError, match="finite scores"):
        match_boxes([SQUARE], [float("nan")], [])


def test_a_bare_box_is_refused_with_its_shape():
    with pytest.raises(ValueError, match=r"got \(4,\)"):
        match_boxes(SQUARE, [0.5], [])
