# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medglip.inference import CandidateSettings, select_candidates

CANVAS = torch.tensor([[0.0, 0.0, 64.0, 64.0]])
FAR = [50.0, 50.0, 60.0, 60.0]


def logit(probability):
    return torch.logit(torch.tensor(probability))


def prediction_of(*phrases, presence=None):
    """One image; each phrase a list of (box, score), all of perfect quality, padded with boxes of no score."""
    most = max(map(len, phrases))
    rows = [[*found, *[(FAR, 1e-6)] * (most - len(found))] for found in phrases]
    return {
        "alignment": torch.stack([torch.stack([logit(score) for _, score in row]) for row in rows])[None],
        "quality": torch.full((1, len(phrases), most), 50.0),
        "boxes": torch.tensor([[box for box, _ in row] for row in rows])[None],
        "presence": torch.stack([logit(p) for p in presence or [0.5] * len(phrases)])[None],
        "phrase_valid": torch.ones(1, len(phrases), dtype=torch.bool),
    }


def select(prediction, region=CANVAS, **settings):
    (found,) = select_candidates(prediction, region, CandidateSettings(**settings))
    return found


def test_the_score_is_alignment_times_quality():
    prediction = prediction_of([(FAR, 0.8)])
    prediction["quality"][:] = logit(0.5)
    assert select(prediction).scores.tolist() == pytest.approx([0.4])


@pytest.mark.parametrize(("power", "score"), [(0.0, 0.8), (1.0, 0.2), (0.5, 0.4)])
def test_presence_enters_by_its_power(power, score):
    found = select(prediction_of([(FAR, 0.8)], presence=[0.25]), presence_power=power)
    assert found.scores.tolist() == pytest.approx([score])


def test_boxes_are_clipped_to_the_image_and_dropped_beside_it():
    found = [([-9.0, 10, 40, 99], 0.9), ([45.0, 10, 60, 20], 0.8), ([40.0, 0, 50, 10], 0.7)]
    boxes = select(prediction_of(found), torch.tensor([[0.0, 0, 40, 64]])).boxes
    assert boxes.tolist() == [[0, 10, 40, 64]]


def test_inverted_boxes_are_dropped():
    assert len(select(prediction_of([([30.0, 30, 20, 40], 0.9)])).boxes) == 0


def test_boxes_come_best_first_phrase_by_phrase():
    boxes = [[0.0, 0, 9, 9], [20.0, 0, 29, 9], [40.0, 0, 49, 9]]
    found = select(prediction_of([(boxes[0], 0.3), (boxes[1], 0.9)], [(boxes[2], 0.95), (boxes[0], 0.2)]))
    assert found.phrase.tolist() == [0, 0, 1, 1]
    assert found.scores.tolist() == pytest.approx([0.9, 0.3, 0.95, 0.2])


def test_of_two_boxes_that_overlap_too_much_the_better_stays():
    found = [([0.0, 0, 20, 20], 0.5), ([0.0, 0, 20, 18], 0.9)]
    assert select(prediction_of(found)).boxes.tolist() == [[0, 0, 20, 18]]
    assert len(select(prediction_of(found), overlap_threshold=0.95).boxes) == 2


def test_boxes_of_different_phrases_do_not_suppress_each_other():
    box = [0.0, 0, 20, 20]
    assert select(prediction_of([(box, 0.5)], [(box, 0.9)])).phrase.tolist() == [0, 1]


def test_every_phrase_has_its_own_limit():
    apart = [([8.0 * i, 0, 8.0 * i + 7, 9], 0.9 - 0.1 * i) for i in range(4)]
    found = select(prediction_of(apart, apart[:1]), per_phrase=2)
    assert found.phrase.tolist() == [0, 0, 1, 1]
    assert found.scores[:2].tolist() == pytest.approx([0.9, 0.8])


def test_only_the_best_points_are_looked_at():
    apart = [([8.0 * i, 0, 8.0 * i + 7, 9], 0.1 + 0.1 * i) for i in range(4)]
    found = select(prediction_of(apart), before_suppression=2)
    assert found.scores.tolist() == pytest.approx([0.4, 0.3])


def test_padding_phrases_have_no_candidates():
    prediction = prediction_of([(FAR, 0.5)], [(FAR, 0.9)])
    prediction["phrase_valid"][0, 1] = False
    assert select(prediction).phrase.tolist() == [0]


def test_each_image_of_a_batch_has_its_own_candidates_and_region():
    one = prediction_of([([0.0, 0, 60, 60], 0.9)])
    batch = {name: torch.cat([value, value]) for name, value in one.items()}
    regions = torch.tensor([[0.0, 0, 64, 64], [0, 0, 30, 64]])
    assert [found.boxes.tolist() for found in select_candidates(batch, regions)] == [[[0, 0, 60, 60]], [[0, 0, 30, 60]]]


def test_no_phrase_gives_no_candidate():
    empty = {name: value[:, :0] for name, value in prediction_of([(FAR, 0.5)]).items()}
    found = select(empty)
    assert found.boxes.shape == (0, 4)
    assert len(found.scores) == len(found.phrase) == 0


def test_boxes_of_volumes_are_chosen_alike():
    volume = prediction_of([([0.0, 0, 0, 9, 9, 9], 0.9), ([0.0, 0, 0, 9, 9, 8], 0.8)])
    found = select(volume, torch.tensor([[0.0, 0, 0, 64, 5, 64]]))
    assert found.boxes.tolist() == [[0, 0, 0, 9, 5, 9]]


@pytest.mark.parametrize("least", [0.0, 0.3, 0.7, 1.0])
def test_a_least_score_leaves_the_boxes_above_it_as_they_are(least):
    torch.manual_seed(0)
    low = 40 * torch.rand(200, 2)
    boxes = torch.cat([low, low + 4 + 20 * torch.rand(200, 2)], 1).tolist()
    scores = torch.rand(2, 200).tolist()
    prediction = prediction_of(*(list(zip(boxes, row, strict=True)) for row in scores))
    everything = select(prediction)
    (found,) = select_candidates(prediction, CANVAS, least_score=least)
    first = torch.tensor([0, int((everything.phrase == 0).sum())])
    wanted = everything.scores >= least
    wanted[first] = True
    for name in ("boxes", "scores", "phrase"):
        torch.testing.assert_close(getattr(found, name), getattr(everything, name)[wanted])
