# SPDX-License-Identifier: Apache-2.0
"""The key metric against predictions whose score is known by construction."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from ignite.engine import Engine

from monai_medglip.engines import GroundingMetric
from tests.engines.batches import batch_of
from tests.losses.loss_phantoms import prediction_of, target_of

LEFT, RIGHT = (0.0, 0.0, 24.0, 60.0), (36.0, 0.0, 60.0, 60.0)

boxes_alone = partial(target_of, masks_known=False)


def answering(batch, *found):
    """A prediction that finds boxes, ``(image, phrase, box)``, and nothing else."""
    images, phrases = len(batch["phrases"]), max(len(asked) for asked in batch["phrases"])
    prediction = {
        name: value.detach() for name, value in prediction_of(images=images, phrases=phrases, alignment=-30.0).items()
    }
    prediction["boxes"][:] = 100.0  # nowhere on the canvas
    for row, (image, phrase, box) in enumerate(found):
        prediction["alignment"][image, phrase, row] = 4.0
        prediction["boxes"][image, phrase, row] = torch.tensor(box)
    return prediction


def score(*pairs):
    """The metric of an evaluator whose network gives each batch the answer beside it."""
    answers = iter([answer for _, answer in pairs])
    engine = Engine(lambda engine, batch: {"pred": next(answers), "label": batch["targets"]})
    GroundingMetric().attach(engine, "score")
    return engine.run([batch for batch, _ in pairs]).metrics["score"]


def test_the_truth_scores_one():
    batch = batch_of(boxes_alone(presence=(1.0, 1.0), boxes=[(0, LEFT), (1, RIGHT)]))
    assert score((batch, answering(batch, (0, 0, LEFT), (0, 1, RIGHT)))) == pytest.approx(1.0)


def test_it_is_the_mean_over_phrases():
    batch = batch_of(boxes_alone(presence=(1.0, 1.0), boxes=[(0, LEFT), (1, RIGHT)]))
    assert score((batch, answering(batch, (0, 0, LEFT), (0, 1, LEFT)))) == pytest.approx(0.5)


def test_the_same_words_are_two_phrases_in_two_sources():
    target = boxes_alone(boxes=[(0, LEFT)])
    batch = batch_of(target, target, target, target, sources=["easy", "easy", "easy", "hard"])
    found = answering(batch, (0, 0, LEFT), (1, 0, LEFT), (2, 0, LEFT), (3, 0, RIGHT))
    assert score((batch, found)) == pytest.approx(0.5)


def test_batches_add_up():
    batches = [batch_of(boxes_alone(boxes=[(0, box)])) for box in (LEFT, RIGHT)]
    found, missed = answering(batches[0], (0, 0, LEFT)), answering(batches[1])
    # of two truths one is found before anything false
    assert score((batches[0], found), (batches[1], missed)) == pytest.approx(0.505, abs=0.01)


def test_a_false_box_on_an_absent_phrase_costs_when_it_scores_higher():
    batch = batch_of(boxes_alone(boxes=[(0, LEFT)]), boxes_alone(presence=(0.0,)))
    clean, false = answering(batch, (0, 0, LEFT)), answering(batch, (0, 0, LEFT), (1, 0, RIGHT))
    false["alignment"][1, 0, 1] = 9.0
    assert score((batch, clean)) == pytest.approx(1.0)
    assert score((batch, false)) == pytest.approx(0.5, abs=0.01)


def test_what_is_not_known_is_not_scored():
    batch = batch_of(boxes_alone(presence=(1.0, -1.0), boxes=[(0, LEFT)]))
    assert score((batch, answering(batch, (0, 0, LEFT), (0, 1, RIGHT)))) == pytest.approx(1.0)


def test_a_box_in_an_ignored_region_costs_nothing():
    batch = batch_of(boxes_alone(boxes=[(0, LEFT)], ignore=[(0, RIGHT)]))
    found = answering(batch, (0, 0, LEFT), (0, 0, RIGHT))
    found["alignment"][0, 0, 1] = 9.0
    assert score((batch, found)) == pytest.approx(1.0)


def test_a_phrase_with_a_mask_alone_is_scored_by_its_dice():
    target = target_of()
    target["masks"][0, :16] = 1.0
    batch = batch_of(target)
    answer = answering(batch)
    answer["masks"][:] = -1.0
    answer["masks"][0, 0, 8:24] = 1.0
    assert score((batch, answer)) == pytest.approx(0.5)


def test_a_phrase_with_boxes_and_a_mask_is_scored_by_both():
    batch = batch_of(target_of(boxes=[(0, LEFT)]))
    answer = answering(batch, (0, 0, LEFT))
    answer["masks"][:] = -1.0
    assert score((batch, answer)) == pytest.approx(0.5)
    answer["masks"][0] = 2 * batch["targets"][0]["masks"] - 1
    assert score((batch, answer)) == pytest.approx(1.0)


def test_padding_of_the_phrases_is_not_scored():
    batch = batch_of(boxes_alone(boxes=[(0, LEFT)]), boxes_alone(presence=(1.0, 1.0), boxes=[(0, LEFT), (1, RIGHT)]))
    found = answering(batch, (0, 0, LEFT), (0, 1, LEFT), (1, 0, LEFT), (1, 1, RIGHT))
    assert score((batch, found)) == pytest.approx(1.0)


def test_each_run_starts_anew():
    batch = batch_of(boxes_alone(boxes=[(0, LEFT)]))
    good, bad = answering(batch, (0, 0, LEFT)), answering(batch)
    answers = iter([bad, good])
    engine = Engine(lambda engine, batch: {"pred": next(answers), "label": batch["targets"]})
    GroundingMetric().attach(engine, "score")
    scores = [engine.run([batch]).metrics["score"] for _ in range(2)]
    assert scores == [pytest.approx(0.0), pytest.approx(1.0)]
