# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.evaluation.share import Count, relative_loss, share


def counts(values):
    return [Count("films", f"p{i}", value) for i, value in enumerate(values)]


def test_a_share_is_the_mean_with_an_interval_around_it():
    found = share(counts([1.0] * 8 + [0.0] * 2))
    assert (found["value"], found["n"]) == (0.8, 10)
    assert found["low"] < 0.8 < found["high"]


def test_few_patients_give_no_interval():
    found = share([Count("films", "one", 1.0)] * 20)
    assert (found["value"], found["low"], found["n"]) == (1.0, None, 20)


def test_nothing_asked_has_no_value():
    assert share([]) == {"value": None, "low": None, "high": None, "n": 0}


def test_the_loss_is_relative_to_the_name():
    found = relative_loss(counts([0.8] * 10), counts([0.6] * 10))
    assert found["value"] == pytest.approx(0.25)
    assert (found["low"], found["high"]) == pytest.approx((0.25, 0.25))


def test_a_form_that_does_better_has_a_negative_loss():
    assert relative_loss(counts([0.5] * 9), counts([0.6] * 9))["value"] == pytest.approx(-0.2)
