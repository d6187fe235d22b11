# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.errors import ConfigurationError
from monai_medglip.inference import Calibration, fit_temperature

SCORES = np.linspace(0.01, 0.99, 99)


def test_a_temperature_of_one_changes_nothing():
    np.testing.assert_allclose(Calibration().box_probability(SCORES), SCORES)
    np.testing.assert_allclose(Calibration().presence_probability(SCORES), SCORES)


def test_each_kind_of_score_has_its_own_temperature():
    # logit(0.8) = log 4; half of it belongs to 2 / 3
    assert Calibration(box=2.0).box_probability(0.8) == pytest.approx(2 / 3)
    assert Calibration(box=2.0).presence_probability(0.8) == pytest.approx(0.8)
    assert Calibration(presence=0.5).presence_probability(0.8) == pytest.approx(16 / 17)


@pytest.mark.parametrize("temperature", [0.05, 0.7, 20.0])
def test_the_order_of_scores_and_the_even_chance_stay(temperature):
    probability = Calibration(box=temperature).box_probability(SCORES)
    assert (np.diff(probability) >= 0).all()
    assert probability[49] == pytest.approx(0.5)


def test_certain_scores_stay_probabilities():
    probability = Calibration(box=0.05).box_probability([0.0, 1.0])
    assert np.isfinite(probability).all()
    assert 0 <= probability[0] < 1e-6 < 1 - 1e-6 < probability[1] <= 1


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_is_a_positive_number(value):
    with pytest.raises(ConfigurationError, match="temperature presence must be a positive number"):
        Calibration(presence=value)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_a_known_temperature_is_recovered(temperature):
    random = np.random.default_rng(0)
    truth = random.uniform(0.02, 0.98, 20_000)
    outcomes = random.uniform(size=truth.size) < truth
    # scores that are too sure or too shy by that temperature
    scores = Calibration(box=1 / temperature).box_probability(truth)
    assert fit_temperature(scores, outcomes) == pytest.approx(temperature, rel=0.05)


def test_the_fitted_temperature_is_likelier_than_its_neighbors():
    random = np.random.default_rng(1)
    scores = random.uniform(0.05, 0.95, 500)
    outcomes = random.uniform(size=500) < 0.5 + (scores - 0.5) / 3
    best = fit_temperature(scores, outcomes)

    def likelihood(temperature):
        probability = Calibration(box=temperature).box_probability(scores)
        return np.log(np.where(outcomes, probability, 1 - probability)).mean()

    assert likelihood(best) > max(likelihood(0.9 * best), likelihood(1.1 * best))


@pytest.mark.parametrize("outcomes", [[], [True, True], [False, False]])
def test_one_sided_outcomes_are_refused(outcomes):
    with pytest.raises(ConfigurationError, match=r"hits and misses .* got \d hits of \d"):
        fit_temperature([0.5] * len(outcomes), outcomes)


@pytest.mark.parametrize("temperature", [0.05, 0.7, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("least", [0.0, 1e-9, 0.05, 0.3, 0.9, 1.0])
def test_raw_scores_below_that_of_a_probability_do_not_reach_it(temperature, least):
    calibration = Calibration(box=temperature)
    scores = np.concatenate([[0.0, 1.0], np.geomspace(1e-9, 0.5, 200), 1 - np.geomspace(1e-9, 0.5, 200)])
    below = scores < (1 - 1e-5) * calibration.raw_box_score(least)
    assert (calibration.box_probability(scores[below]) < least).all()
    assert not below.any() or least > 0
