# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.metrics import PatientBootstrap, PatientMean


def patients(count, source="a"):
    return [(source, f"p{i}") for i in range(count)]


def test_the_first_row_is_the_data_as_they_are():
    assert (PatientBootstrap(patients(5)).counts[0] == 1).all()


def test_every_draw_takes_as_many_patients_as_the_source_has():
    bootstrap = PatientBootstrap(patients(5) + patients(3, "b"))
    assert (bootstrap.counts[:, :5].sum(axis=1) == 5).all()
    assert (bootstrap.counts[:, 5:].sum(axis=1) == 3).all()


def test_draws_do_not_depend_on_the_sources_beside():
    alone, together = PatientBootstrap(patients(6)), PatientBootstrap(patients(4, "b") + patients(6))
    np.testing.assert_array_equal(alone.counts, together.counts[:, 4:])


def test_another_seed_gives_other_draws():
    assert (PatientBootstrap(patients(6)).counts != PatientBootstrap(patients(6), seed=1).counts).any()


def test_the_interval_of_a_mean_is_that_of_the_normal_law():
    values = np.random.default_rng(0).normal(0.0, 1.0, 400)
    bootstrap = PatientBootstrap(patients(400))
    low, high = bootstrap.interval(PatientMean(values, np.arange(400))(bootstrap.counts))
    half_width = 1.96 * values.std() / 20
    np.testing.assert_allclose([low, high], [values.mean() - half_width, values.mean() + half_width], atol=0.015)


def test_nine_intervals_in_ten_and_more_hold_the_truth():
    held = 0
    for trial in range(60):
        values = np.random.default_rng(trial).uniform(size=40)
        bootstrap = PatientBootstrap(patients(40), seed=trial)
        low, high = bootstrap.interval(PatientMean(values, np.arange(40))(bootstrap.counts))
        held += low <= 0.5 <= high
    assert 53 <= held <= 60


def test_images_of_one_patient_do_not_narrow_the_interval():
    values, owners = np.repeat([0.0, 1.0] * 10, 50), np.repeat(np.arange(20), 50)
    bootstrap = PatientBootstrap(patients(20))
    low, high = bootstrap.interval(PatientMean(values, owners)(bootstrap.counts))
    assert high - low > 0.35  # 1000 independent images would give 0.06


def test_draws_without_a_value_are_left_out():
    assert PatientBootstrap.interval([0.5, np.nan, 0.2, 0.2]) == (0.2, 0.2)


def test_no_draw_with_a_value_gives_no_interval():
    assert PatientBootstrap.interval([0.5, np.nan, np.nan]) is None


def test_a_patient_named_twice_is_refused():
    with pytest.raises(ValueError, match="2 of which 1 differ"):
        PatientBootstrap([("a", "p"), ("a", "p")])


def test_a_patient_is_found_by_source_and_name():
    assert PatientBootstrap(patients(2) + patients(2, "b")).index("b", "p1") == 3
