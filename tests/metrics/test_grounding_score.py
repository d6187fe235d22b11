# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.metrics import GroundingScore

SQUARE = [0.0, 0.0, 10.0, 10.0]
ELSEWHERE = [50.0, 50.0, 60.0, 60.0]


def test_it_is_the_mean_over_phrases_not_over_images():
    score = GroundingScore()
    for _ in range(3):
        score.add_boxes("heart", [SQUARE], [0.9], truth=[SQUARE])
    score.add_boxes("polyp", [ELSEWHERE], [0.9], truth=[SQUARE])
    assert score.compute() == pytest.approx(0.5)


def test_a_phrase_that_no_image_shows_is_left_out():
    score = GroundingScore()
    score.add_boxes("heart", [SQUARE], [0.9], truth=[SQUARE])
    score.add_boxes("polyp", [SQUARE], [0.9], truth=[])
    assert score.compute() == 1.0


def test_masks_enter_as_dice():
    score = GroundingScore()
    score.add_mask("vessel", [[1, 1, 0]], [[0, 1, 1]])
    assert score.compute() == pytest.approx(0.5)


def test_an_empty_true_mask_is_left_out():
    score = GroundingScore()
    score.add_mask("vessel", [[1, 1, 0]], [[0, 0, 0]])
    assert score.rows == []


def test_rows_of_two_processes_add_up():
    first, second = GroundingScore(), GroundingScore()
    first.add_boxes("heart", [SQUARE], [0.9], truth=[SQUARE])
    second.add_boxes("heart", [ELSEWHERE], [0.95], truth=[SQUARE])
    assert 0.0 < GroundingScore(first.rows + second.rows).compute() < 1.0


def test_nothing_collected_is_zero():
    assert GroundingScore().compute() == 0.0
