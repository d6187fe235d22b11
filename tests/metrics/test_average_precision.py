# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from monai_medglip.metrics import COCO_THRESHOLDS, AveragePrecision, match_boxes
from monai_medglip.metrics.average_precision import average_precision

SQUARE = [0.0, 0.0, 10.0, 10.0]
ELSEWHERE = [50.0, 50.0, 60.0, 60.0]


def random_images(seed, *, decimals=2, count=12):
    """Images with random truths, boxes near some of them, and false boxes; scores tie now and then."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        corners = generator.uniform(0, 80, (generator.integers(0, 6), 2))
        truth = np.concatenate([corners, corners + generator.uniform(4, 30, corners.shape)], axis=1)
        near = np.repeat(truth, 2, axis=0)
        near += generator.uniform(-1.9, 1.9, near.shape)
        false = generator.uniform(0, 50, (generator.integers(0, 5), 4)) + np.array([0, 0, 55, 55])
        boxes = np.concatenate([near, false])
        yield truth, boxes, np.round(generator.uniform(0, 1, len(boxes)), decimals)


def coco_precision(images):
    """The (threshold,) average precision that pycocotools gives for the same boxes."""
    truths, found = [], []
    for i, (truth, boxes, scores) in enumerate(images):
        for box in truth:
            truths.append({"id": len(truths) + 1, "image_id": i, "category_id": 1, "iscrowd": 0, **coco_box(box)})
        for box, score in zip(boxes, scores, strict=True):
            found.append({"image_id": i, "category_id": 1, "score": score, **coco_box(box)})
    reference = COCO()
    reference.dataset = {
        "images": [{"id": i} for i in range(len(images))],
        "categories": [{"id": 1}],
        "annotations": truths,
        "info": {},
    }
    with contextlib.redirect_stdout(io.StringIO()):
        reference.createIndex()
        evaluation = COCOeval(reference, reference.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"][:, :, 0, 0, -1].mean(axis=1)


def coco_box(box):
    x, y, width, height = (*box[:2], *(box[2:] - box[:2]))
    return {"bbox": [x, y, width, height], "area": width * height}


@pytest.mark.parametrize("seed", range(8))
def test_it_equals_pycocotools(seed):
    images = list(random_images(seed))
    matches = [match_boxes(boxes, scores, truth) for truth, boxes, scores in images]
    ours = [average_precision(matches, threshold=t) for t in COCO_THRESHOLDS]
    np.testing.assert_allclose(ours, coco_precision(images), atol=1e-6)


def test_the_average_over_thresholds_is_their_mean():
    images = list(random_images(3))
    matches = [match_boxes(boxes, scores, truth) for truth, boxes, scores in images]
    whole = AveragePrecision(matches, np.arange(len(matches)))(np.ones((1, len(matches))))
    np.testing.assert_allclose(whole[0], coco_precision(images).mean(), atol=1e-6)


def test_a_false_box_before_the_hit_halves_the_precision():
    match = match_boxes([ELSEWHERE, SQUARE], [0.9, 0.8], [SQUARE])
    assert average_precision([match], threshold=0.5) == pytest.approx(0.5)


def test_a_false_box_after_the_last_hit_costs_nothing():
    match = match_boxes([ELSEWHERE, SQUARE], [0.1, 0.8], [SQUARE])
    assert average_precision([match], threshold=0.5) == 1.0


def test_half_of_the_truths_found_gives_51_of_101_points():
    match = match_boxes([SQUARE], [0.8], [SQUARE, ELSEWHERE])
    assert average_precision([match], threshold=0.5) == pytest.approx(51 / 101)


def test_a_false_box_in_an_image_without_the_phrase_counts():
    with_it, without = match_boxes([SQUARE], [0.8], [SQUARE]), match_boxes([SQUARE], [0.9], [])
    assert average_precision([with_it, without], threshold=0.5) == pytest.approx(0.5)


def test_an_ignored_box_costs_nothing():
    match = match_boxes([ELSEWHERE, SQUARE], [0.9, 0.8], [SQUARE], ignore=[ELSEWHERE])
    assert average_precision([match], threshold=0.5) == 1.0


def test_a_phrase_that_no_image_shows_has_no_value():
    assert np.isnan(average_precision([match_boxes([SQUARE], [0.9], [])], threshold=0.5))


def test_no_image_at_all_has_no_value():
    assert np.isnan(average_precision([], threshold=0.5))


def test_nothing_found_is_zero():
    assert average_precision([match_boxes([], [], [SQUARE])], threshold=0.5) == 0.0


def test_a_threshold_that_was_not_matched_is_named():
    with pytest.raises(ValueError, match=r"got \[0.3\]"):
        average_precision([match_boxes([], [], [SQUARE])], threshold=0.3)


def test_counting_a_patient_twice_equals_giving_its_images_twice():
    images = list(random_images(5, decimals=9))  # without ties, whose order would matter
    matches = [match_boxes(boxes, scores, truth) for truth, boxes, scores in images]
    patients = np.arange(len(matches)) // 3
    counts = np.array([[2.0, 0.0, 1.0, 3.0]])
    repeated = [match for match, patient in zip(matches, patients, strict=True) for _ in range(int(counts[0, patient]))]
    by_hand = np.mean([average_precision(repeated, threshold=t) for t in COCO_THRESHOLDS])
    np.testing.assert_allclose(AveragePrecision(matches, patients)(counts), by_hand, atol=1e-9)
