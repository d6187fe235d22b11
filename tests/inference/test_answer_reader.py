# SPDX-License-Identifier: Apache-2.0
"""Reading an answer whose boxes and masks are known by construction."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_medglip.geometry import Frame
from monai_medglip.grounding import Status
from monai_medglip.imaging import Modality, Scan
from monai_medglip.inference import (
    AnswerReader,
    Calibration,
    OperatingPoint,
    PhraseRules,
    PlacedScan,
    ValidatedPhrases,
)
from monai_medglip.phrases import Phrase, parse_phrase
from tests.inference.test_candidates import prediction_of

PHRASES = [Phrase("square"), Phrase("bar")]
SQUARE, BAR = [8.0, 8, 24, 24], [40.0, 0, 48, 64]
POINT = OperatingPoint(canvas=(64, 64), box_threshold=0.5)


@pytest.fixture
def placed():
    """A scan twice as fine as the canvas."""
    scan = Scan(np.zeros((1, 128, 128), np.uint8), Frame.pixel((128, 128)), Modality.CT)
    return PlacedScan.on_canvas(scan, (64, 64))


def answer_of(*phrases, presence=None):
    """The answer with masks that fill each phrase's first box."""
    prediction = prediction_of(*phrases, presence=presence)
    prediction["masks"] = torch.full((1, len(phrases), 32, 32), -9.0)
    for row, found in enumerate(phrases):
        if found:
            low_x, low_y, high_x, high_y = (int(edge) // 2 for edge in found[0][0])
            prediction["masks"][0, row, low_x:high_x, low_y:high_y] = 9.0
    return prediction


def read(prediction, placed, phrases=PHRASES, *, point=POINT, threshold=None):
    return AnswerReader(point, PhraseRules(ValidatedPhrases())).read(prediction, placed, phrases, threshold=threshold)


def test_boxes_and_scores_above_the_threshold_come_in_the_scans_pixels(placed):
    found = read(answer_of([(SQUARE, 0.9)], [(BAR, 0.3)]), placed)
    assert found.boxes.data.tolist() == [[16, 16, 48, 48]]
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.phrase_index.tolist() == [0]
    assert found.status == (Status.FOUND, Status.UNSUPPORTED)


def test_masks_are_of_what_was_found_and_cut_to_each_box(placed):
    found = read(answer_of([(SQUARE, 0.9), ([8.0, 8, 16, 24], 0.8)], [(BAR, 0.3)]), placed)
    assert found.phrase_masks[0].decode()[18:46, 18:46].all()
    assert found.phrase_masks[0].area == pytest.approx(32 * 32, rel=0.15)
    assert found.phrase_masks[1] is None
    assert found.instance_masks[1].decode()[18:30, 18:46].all()
    assert not found.instance_masks[1].decode()[32:].any()


def test_a_threshold_of_zero_gives_all_candidates_and_all_masks(placed):
    found = read(answer_of([(SQUARE, 0.9)], [(BAR, 0.3)]), placed, threshold=0.0)
    assert found.scores.tolist() == pytest.approx([0.9, 0.3])
    assert all(mask is not None for mask in found.phrase_masks)
    assert found.instance_masks[1] is None  # below the operating point
    assert found.status == (Status.FOUND, Status.UNSUPPORTED)


def test_another_threshold_decides_what_is_found(placed):
    prediction = answer_of([(SQUARE, 0.9)], [(BAR, 0.3)])
    assert read(prediction, placed, threshold=0.25).status == (Status.FOUND, Status.FOUND)
    assert read(prediction, placed, threshold=0.95).status == (Status.UNSUPPORTED, Status.UNSUPPORTED)
    assert len(read(prediction, placed, threshold=0.95).boxes) == 0


def test_scores_and_presence_are_calibrated(placed):
    point = OperatingPoint(canvas=(64, 64), box_threshold=0.5, calibration=Calibration(box=2.0, presence=0.5))
    found = read(answer_of([(SQUARE, 0.8)], [], presence=[0.8, 0.5]), placed, point=point)
    assert found.scores.tolist() == pytest.approx([2 / 3])
    assert found.presence.tolist() == pytest.approx([16 / 17, 0.5])


def test_what_is_negated_or_cannot_be_shown_is_not_looked_for(placed):
    phrases = [parse_phrase("no polyp"), parse_phrase("retinal blood vessel")]
    found = read(answer_of([(SQUARE, 0.9)], [(BAR, 0.9)]), placed, phrases, threshold=0.0)
    assert found.status == (Status.NEGATED, Status.NOT_APPLICABLE)
    assert len(found.boxes) == 0
    assert np.isnan(found.presence).all()
    assert found.phrase_masks == (None, None)


def test_a_box_without_extent_in_the_scan_is_no_box(placed):
    found = read(answer_of([([70.0, 70, 80, 80], 0.9)], [(BAR, 0.9)]), placed)
    assert found.phrase_index.tolist() == [1]


def test_an_empty_mask_is_no_mask(placed):
    prediction = answer_of([(SQUARE, 0.9)], [(BAR, 0.9)])
    prediction["masks"][:] = -9.0
    found = read(prediction, placed)
    assert found.instance_masks == (None, None)
    assert found.phrase_masks == (None, None)


def test_no_phrases_give_an_empty_grounding(placed):
    empty = {name: value[:, :0] for name, value in answer_of([(SQUARE, 0.9)]).items()}
    found = read(empty, placed, [])
    assert (len(found.boxes), found.phrases) == (0, ())


def test_a_result_says_where_it_comes_from(placed):
    reader = AnswerReader(POINT, PhraseRules(ValidatedPhrases()), {"model": "hand-made"})
    provenance = reader.read(answer_of([(SQUARE, 0.9)]), placed, PHRASES[:1]).provenance
    assert provenance["model"] == "hand-made"
    assert (provenance["modality"], provenance["modality_predicted"]) == ("CT", False)
    assert (provenance["threshold"], provenance["rules"]) == (0.5, True)
    assert provenance["software"].startswith("monai_medglip ")
