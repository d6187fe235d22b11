# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from monai_medglip.evaluation import CenterBox, MedianBox


def record_of(folder, source, split="test"):
    return folder.records(split, sources=[source])[0]


def test_the_center_box_covers_the_middle_half_of_each_axis(phantom_folder):
    prediction = CenterBox()(record_of(phantom_folder, "films"), "heart")
    assert prediction.boxes.tolist() == [[12, 8, 36, 24]]


def test_the_median_box_is_that_of_the_training_images(phantom_folder):
    baseline = MedianBox.fit(phantom_folder, phantom_folder.records("train"))
    prediction = baseline(record_of(phantom_folder, "smears"), "platelet")
    assert prediction.boxes.tolist() == [[10.5, 2, 18.5, 10]]  # of 10..18 and 11..19


def test_a_label_that_training_never_saw_has_no_median_box(phantom_folder):
    prediction = MedianBox({})(record_of(phantom_folder, "films"), "heart")
    assert prediction.boxes.shape == (0, 4)
