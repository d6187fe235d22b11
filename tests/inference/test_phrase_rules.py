# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.geometry import Frame
from monai_medglip.grounding import Status, Support
from monai_medglip.imaging import Modality, Scan
from monai_medglip.inference import PhraseRules, PlacedScan, ValidatedPhrases
from monai_medglip.phrases import Phrase, parse_phrase
from tests.inference.conftest import validated

VALIDATED = ValidatedPhrases(
    location=(validated("left lung", "XR", "chest"), validated("polyp", "ES")), absence=(validated("polyp", "ES"),)
)
RULES, NO_RULES = PhraseRules(VALIDATED), PhraseRules(VALIDATED, active=False)


def placed(modality=Modality.ES, body_region=None, *, predicted=False):
    scan = Scan(np.zeros((1, 8, 8), np.uint8), Frame.pixel((8, 8)), modality, body_region=body_region)
    on_canvas = PlacedScan.on_canvas(scan, (32, 32))
    if not predicted:
        return on_canvas
    return PlacedScan(
        Scan(scan.array, scan.frame),
        on_canvas.pixels,
        on_canvas.affine,
        on_canvas.valid_region,
        on_canvas.whole_image,
        modality,
        modality_predicted=True,
    )


def status(rules, text, image, *, located=False):
    phrases = [parse_phrase(text)]
    searched = rules.looked_for(phrases, image)
    return rules.statuses(phrases, image, searched, np.array([located]))[0]


@pytest.mark.parametrize(
    ("text", "image", "located", "answer"),
    [
        ("polyp", placed(), True, Status.FOUND),
        ("polyp", placed(), False, Status.ABSENT),
        ("colorectal polyp", placed(), False, Status.ABSENT),  # another word for the same
        ("no polyp", placed(), False, Status.NEGATED),
        ("polyp", placed(Modality.CT), False, Status.UNSUPPORTED),  # not validated there
        ("left lung", placed(Modality.XR, "chest"), False, Status.UNSUPPORTED),  # validated for finding alone
        ("left lung", placed(Modality.XR, "chest"), True, Status.FOUND),
        ("some new thing", placed(), False, Status.UNSUPPORTED),
        ("retinal blood vessel", placed(Modality.CT), False, Status.NOT_APPLICABLE),
        ("heart", placed(Modality.XR, "head"), False, Status.NOT_APPLICABLE),
    ],
)
def test_every_phrase_gets_the_answer_that_is_known(text, image, located, answer):
    assert status(RULES, text, image, located=located) is answer


def test_a_predicted_modality_rules_nothing_out():
    assert RULES.looked_for([parse_phrase("retinal blood vessel")], placed(Modality.CT, predicted=True)).all()
    assert not RULES.looked_for([parse_phrase("retinal blood vessel")], placed(Modality.CT)).any()


def test_without_rules_everything_but_the_negated_is_looked_for():
    phrases = [parse_phrase(text) for text in ("retinal blood vessel", "no polyp", "polyp")]
    assert NO_RULES.looked_for(phrases, placed(Modality.CT)).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("text", "image", "support"),
    [
        ("polyp", placed(), Support.VALIDATED),
        ("Polyp", placed(), Support.VALIDATED),
        ("colorectal polyp", placed(), Support.SYNONYM),
        ("polyp", placed(Modality.CT), Support.UNSEEN),
        ("left lung", placed(Modality.XR, "head"), Support.UNSEEN),
        ("some new thing", placed(), Support.UNSEEN),
    ],
)
def test_support_says_how_well_the_wording_was_tested(text, image, support):
    assert RULES.supports([parse_phrase(text)], image) == (support,)


def test_the_network_is_asked_by_the_concepts_own_name():
    asked = RULES.as_asked(parse_phrase("lung on the left"))
    assert (asked.text, asked.concept) == ("left lung", "left lung")
    assert NO_RULES.as_asked(parse_phrase("lung on the left")).text == "lung on the left"
    assert RULES.as_asked(Phrase("some new thing")).text == "some new thing"
