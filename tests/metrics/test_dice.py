# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.metrics import dice


def test_it_is_twice_the_common_part_over_both():
    mask, truth = np.zeros((4, 4)), np.zeros((4, 4))
    mask[:2], truth[1:4] = 1, 1
    assert dice(mask, truth) == pytest.approx(2 * 4 / (8 + 12))


def test_equal_volumes_have_one():
    volume = np.random.default_rng(0).uniform(size=(4, 5, 6)) > 0.5
    assert dice(volume, volume) == 1.0


def test_nothing_found_has_zero():
    assert dice(np.zeros(5), np.ones(5)) == 0.0


def test_two_empty_masks_have_no_value():
    assert np.isnan(dice(np.zeros(5), np.zeros(5)))


def test_masks_of_two_grids_are_refused():
    with pytest.raises(ValueError, match=r"\(5,\) and \(6,\)"):
        dice(np.zeros(5), np.zeros(6))
