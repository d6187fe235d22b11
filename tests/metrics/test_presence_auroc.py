# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools

import numpy as np
import pytest

from monai_medglip.metrics import PresenceAUROC


def by_pairs(present, absent):
    pairs = list(itertools.product(present, absent))
    return sum((p > a) + 0.5 * (p == a) for p, a in pairs) / len(pairs)


@pytest.mark.parametrize("seed", range(5))
def test_it_equals_counting_all_pairs(seed):
    generator = np.random.default_rng(seed)
    present, absent = generator.integers(3, 10, 17) / 10, generator.integers(0, 8, 23) / 10
    patients = generator.integers(0, 6, 17), generator.integers(0, 6, 23)
    area = PresenceAUROC(present, patients[0], absent, patients[1])(np.ones((1, 6)))
    np.testing.assert_allclose(area, [by_pairs(present, absent)])


def test_counting_a_patient_twice_equals_giving_its_images_twice():
    area = PresenceAUROC([0.9, 0.3], [0, 1], [0.5, 0.2], [2, 0])(np.array([[2.0, 1.0, 1.0]]))
    np.testing.assert_allclose(area, [by_pairs([0.9, 0.9, 0.3], [0.5, 0.2, 0.2])])


def test_without_absent_images_there_is_no_value():
    assert np.isnan(PresenceAUROC([0.9], [0], [], [])(np.ones((1, 1)))).all()


def test_a_draw_without_the_only_present_patient_has_no_value():
    area = PresenceAUROC([0.9], [0], [0.1], [1])(np.array([[0.0, 2.0], [1.0, 1.0]]))
    assert np.isnan(area[0])
    assert area[1] == 1.0
