# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.metrics import CalibrationError

ONE_PATIENT = np.ones((1, 1))


def error(confidences, correct, **options):
    return CalibrationError(confidences, correct, np.zeros(len(confidences), dtype=int), **options)(ONE_PATIENT)[0]


def test_bins_are_weighted_by_what_they_hold():
    # bin [0, .5): mean .2, right 1/2 -> .3 of 2; bin [.5, 1]: mean .8, right 1/3 -> .4667 of 3
    value = error([0.1, 0.3, 0.7, 0.8, 0.9], [0, 1, 1, 0, 0], bins=2)
    assert value == pytest.approx((2 * 0.3 + 3 * (0.8 - 1 / 3)) / 5)


def test_scores_that_tell_the_truth_have_no_error():
    assert error([0.25] * 4 + [1.0] * 3, [1, 0, 0, 0, 1, 1, 1]) == pytest.approx(0.0)


def test_a_draw_weighs_its_patients():
    statistic = CalibrationError([0.9, 0.9], [True, False], [0, 1])
    np.testing.assert_allclose(statistic(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]])), [0.4, 0.1, 0.9])


def test_nothing_to_score_has_no_value():
    assert np.isnan(error([], []))


def test_a_raw_logit_is_refused():
    with pytest.raises(ValueError, match="calibrate the scores"):
        error([2.3], [1])
