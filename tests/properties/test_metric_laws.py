# SPDX-License-Identifier: Apache-2.0
"""Laws that hold for any boxes and scores, whatever their values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monai_medglip.metrics import AveragePrecision, PresenceAUROC, dice, match_boxes
from monai_medglip.metrics.average_precision import average_precision

seeds = st.integers(0, 2**32 - 1)
scores_in_eighths = st.lists(st.integers(0, 8).map(lambda i: i / 8), min_size=1, max_size=12)
pytestmark = pytest.mark.filterwarnings("error")


def boxes(generator, count, dims):
    low = generator.uniform(0, 50, (count, dims))
    return np.concatenate([low, low + generator.uniform(1, 40, (count, dims))], axis=1)


def image(seed, dims=2):
    """Random truths, boxes and scores of one image; no two scores are the same."""
    generator = np.random.default_rng(seed)
    found = boxes(generator, generator.integers(0, 8), dims)
    return found, generator.permutation(np.linspace(0, 1, len(found))), boxes(generator, generator.integers(1, 5), dims)


@settings(deadline=None, max_examples=50)
@given(seeds, st.sampled_from([2, 3]))
def test_average_precision_lies_in_0_to_1_and_falls_with_the_threshold(seed, dims):
    matches = [match_boxes(*image(seed, dims))]
    low, high = (average_precision(matches, threshold=t) for t in (0.5, 0.75))
    assert 0 <= high <= low <= 1


@settings(deadline=None, max_examples=50)
@given(seeds, st.floats(0.01, 100), st.floats(-1000, 1000))
def test_matching_does_not_depend_on_unit_or_origin(seed, scale, shift):
    found, scores, truth = image(seed)
    here, there = (
        match_boxes(f, scores, t) for f, t in ((found, truth), (found * scale + shift, truth * scale + shift))
    )
    assume(not np.isclose(here.best_iou[:, None], here.thresholds, atol=1e-6).any())
    np.testing.assert_array_equal(here.hits, there.hits)


@settings(deadline=None, max_examples=50)
@given(seeds)
def test_another_false_box_never_helps(seed):
    found, scores, truth = image(seed)
    more = np.concatenate([found, [[900, 900, 950, 950]]])
    without = average_precision([match_boxes(found, scores, truth)], threshold=0.5)
    with_it = average_precision([match_boxes(more, [*scores, 0.51], truth)], threshold=0.5)
    assert with_it <= without


@settings(deadline=None, max_examples=50)
@given(seeds)
def test_no_truth_is_hit_twice(seed):
    match = match_boxes(*image(seed))
    assert (match.hits.sum(axis=1) <= match.truth_count).all()


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(2, 5))
def test_all_patients_drawn_equally_often_change_nothing(seed, times):
    statistic = AveragePrecision([match_boxes(*image(seed + i)) for i in range(4)], [0, 0, 1, 2])
    once, often = statistic(np.array([[1.0, 1, 1], [times, times, times]]))
    assert once == pytest.approx(often)


@settings(deadline=None, max_examples=50)
@given(scores_in_eighths, scores_in_eighths)
def test_exchanging_present_and_absent_gives_the_rest_to_one(first, second):
    areas = [
        PresenceAUROC(a, [0] * len(a), b, [0] * len(b))(np.ones((1, 1)))[0]
        for a, b in ((first, second), (second, first))
    ]
    assert sum(areas) == pytest.approx(1.0)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_dice_does_not_know_which_mask_is_true(seed):
    first, second = np.random.default_rng(seed).integers(0, 2, (2, 5, 6))
    assert dice(first, second) == pytest.approx(dice(second, first), nan_ok=True)
