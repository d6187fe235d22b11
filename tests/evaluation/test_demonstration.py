# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.evaluation.demonstration import demonstrations
from monai_medglip.grounding import Grounding, Status
from monai_medglip.ontology import Ontology


@pytest.fixture(scope="module")
def shown(repository):
    """The committed examples, asked by name, with a model that finds nothing."""
    folder = GroundingFolder(repository / "examples")
    records = folder.records("test")
    found = demonstrations(
        folder, records, lambda scan, phrases: Grounding.empty(scan.frame, phrases), Ontology.default()
    )
    return {one.record.name: one for one in found}


def test_an_image_is_asked_for_what_it_shows_what_is_missing_and_what_cannot_be_there(shown):
    one = shown["figshare_brain_tumor/2_0209"]
    assert one.truth.phrases[0].text == "glioma"
    assert one.truth.status == (Status.FOUND, Status.ABSENT, Status.NOT_APPLICABLE)


def test_the_last_phrase_denies_an_absent_one(shown):
    for one in shown.values():
        *asked, last = one.grounding.phrases
        assert last.negated
        assert last.text.removeprefix("no ") in [
            phrase.text for phrase, status in zip(asked, one.truth.status, strict=True) if status is not Status.FOUND
        ]


def test_two_phrases_of_every_image_are_absent(shown):
    absent = {name: sum(status is not Status.FOUND for status in one.truth.status) for name, one in shown.items()}
    assert set(absent.values()) == {2}


def test_truth_is_drawn_where_a_model_finds_nothing(shown):
    one = shown["hc18/051_HC"]
    drawn_white = (one.picture == 255).all(axis=2).sum()
    assert drawn_white > 200
