# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Grounding
from monai_medglip.visualize.labels import LabelPlacer, is_numbered
from tests.grounding_phantoms import POLYP


def test_a_label_stands_on_its_box():
    assert LabelPlacer(200, 100).place(np.array([50.0, 40, 90, 80]), [(30, 10)]) == (0, 50, 30)


@pytest.mark.parametrize("box", [[0, 0, 20, 20], [180, 0, 200, 20], [0, 80, 20, 100], [180, 80, 200, 100]])
def test_a_label_never_leaves_the_picture(box):
    _, x, y = LabelPlacer(200, 100).place(np.array(box, float), [(60, 10)])
    assert 0 <= x <= 140
    assert 0 <= y <= 90


def test_labels_of_many_boxes_never_cover_each_other():
    random = np.random.default_rng(0)
    placer = LabelPlacer(400, 300)
    covered = np.zeros((400, 300), int)
    for low in random.uniform(0, 250, (60, 2)):
        place = placer.place(np.concatenate([low, low + 30]), [(80, 16), (30, 16)])
        if place is not None:
            which, x, y = place
            covered[x : x + (80, 30)[which], y : y + 16] += 1
    assert covered.max() == 1
    assert covered.sum() > 20 * 30 * 16


def test_a_shorter_label_is_taken_where_the_long_one_has_no_room():
    placer = LabelPlacer(100, 40)
    placer.place(np.array([0.0, 0, 100, 40]), [(100, 30)])
    assert placer.place(np.array([0.0, 20, 20, 30]), [(60, 20), (20, 10)])[0] == 1


def test_a_label_wider_than_the_picture_has_no_place():
    assert LabelPlacer(50, 40).place(np.array([0.0, 0, 20, 10]), [(60, 20)]) is None


@pytest.mark.parametrize(("phrases", "numbered"), [(12, False), (13, True)])
def test_numbers_replace_words_when_the_colors_run_out(phrases, numbered):
    frame = Frame.pixel((9, 9))
    grounding = replace(
        Grounding.empty(frame, (POLYP,) * phrases),
        boxes=Boxes(np.tile([1.0, 1, 2, 2], (phrases, 1)), frame),
        scores=np.ones(phrases),
        phrase_index=np.arange(phrases),
    )
    assert is_numbered(grounding) == numbered
