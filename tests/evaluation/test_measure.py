# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np

from monai_medglip.evaluation.measure import Measure, mean_over

EIGHT = frozenset(range(8))


def test_the_interval_is_that_of_the_draws():
    measure = Measure(np.array([0.5, *np.linspace(0, 1, 1001)]), EIGHT, 20)
    assert measure.to_dict() == {"value": 0.5, "low": 0.025, "high": 0.975, "n": 20}


def test_seven_patients_have_no_interval():
    measure = Measure(np.array([0.5, 0.4, 0.6]), frozenset(range(7)), 20)
    assert measure.to_dict() == {"value": 0.5, "low": None, "high": None, "n": 20}


def test_a_lower_bound_is_marked():
    assert Measure(np.array([0.5, 0.5]), EIGHT, 20, lower_bound=True).to_dict()["lower_bound"]


def test_a_mean_counts_what_it_averages_and_joins_the_patients():
    mean = mean_over(
        [Measure(np.array([0.2, 0.4]), frozenset({1}), 3), Measure(np.array([0.6, 0.8]), frozenset({2}), 5)]
    )
    np.testing.assert_allclose(mean.samples, [0.4, 0.6])
    assert (mean.n, mean.patients) == (2, {1, 2})


def test_a_measure_without_a_value_is_not_averaged_in():
    mean = mean_over([Measure(np.array([np.nan, np.nan]), EIGHT, 3), Measure(np.array([0.6, 0.8]), EIGHT, 5)])
    assert (mean.value, mean.n) == (0.6, 1)


def test_a_draw_in_which_one_has_no_value_is_the_mean_of_the_others():
    mean = mean_over([Measure(np.array([0.2, np.nan]), EIGHT, 3), Measure(np.array([0.6, 0.8]), EIGHT, 5)])
    np.testing.assert_allclose(mean.samples, [0.4, 0.8])


def test_the_mean_of_nothing_is_none():
    assert mean_over([]) is None
