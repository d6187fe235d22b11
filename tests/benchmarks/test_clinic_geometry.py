# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from benchmarks.clinic_geometry import Trial, errors_of


@pytest.mark.parametrize("seed", range(3))
def test_boxes_come_back_within_half_a_voxel_on_any_grid(seed, tmp_path):
    errors = errors_of(Trial.random(np.random.default_rng(seed)), tmp_path)
    assert max(errors.values()) <= 0.5
    assert errors["JSON"] < 1e-3
    assert errors["report, coordinates in space"] < 1e-3


def test_the_error_is_that_of_the_farthest_face():
    trial = Trial(np.diag([2.0, 1.0, 1.0, 1.0]), (9, 9, 9), np.array([1.0, 1, 1, 4, 4, 4]))
    corners = (np.array([[1.0, 1, 1], [4, 4, 4.75]]) - 0.5) * [2, 1, 1]
    assert trial.error(corners) == pytest.approx(0.75)
