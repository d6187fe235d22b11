# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.geometry import Frame
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import find_phrases, parse_phrase
from monai_medglip.phrases.generation import PhraseGenerator, PhraseKind
from monai_medglip.phrases.seen_region import SeenRegion, SeenRegions
from tests.phrases.test_descriptions import seen_as_stored


@pytest.fixture
def chest() -> SeenRegions:
    return seen_as_stored((0, 1, 2), (False, False, False))


def of_kind(phrases, kind):
    return [phrase for phrase in phrases if phrase.kind is kind]


def test_the_same_seed_gives_the_same_phrases_and_another_seed_others(chest) -> None:
    generator = PhraseGenerator()
    assert generator.true_phrases(chest, seed=3) == generator.true_phrases(chest, seed=3)
    assert generator.true_phrases(chest, seed=3) != generator.true_phrases(chest, seed=4)


def test_a_name_is_true_of_all_its_regions_and_a_parent_of_all_kinds(chest) -> None:
    phrases = {phrase.text: phrase for phrase in PhraseGenerator().true_phrases(chest, seed=0)}
    assert phrases["lung tumor"].regions == (3, 4)
    assert phrases["lung"].kind is PhraseKind.PARENT
    assert phrases["lung"].regions == (0, 1)


def test_every_true_phrase_names_a_region_and_is_understood_as_its_concept(chest) -> None:
    for phrase in PhraseGenerator().true_phrases(chest, seed=5):
        assert phrase.regions
        if phrase.kind in (PhraseKind.NAME, PhraseKind.SYNONYM, PhraseKind.PARENT):
            assert parse_phrase(phrase.text).concept == phrase.concept
        if phrase.kind in (PhraseKind.DESCRIBED, PhraseKind.SENTENCE):
            assert find_phrases(phrase.text)[0].concept == phrase.concept


def test_a_described_phrase_is_true_of_fewer_regions_than_its_name(chest) -> None:
    described = {phrase.text: phrase.regions for phrase in PhraseGenerator().true_phrases(chest, seed=0)}
    assert described["lung tumor in the left lung"] == (3,)
    assert described["smallest lung tumor"] == (4,)


def test_no_text_comes_twice(chest) -> None:
    texts = [phrase.text for phrase in PhraseGenerator().true_phrases(chest, seed=1)]
    assert len(texts) == len(set(texts))


def test_the_prompt_names_everything_once(chest) -> None:
    (prompt,) = of_kind(PhraseGenerator().true_phrases(chest, seed=2), PhraseKind.PROMPT)
    names = [part.strip(". ") for part in prompt.text.split(". ")]
    assert sorted(names) == ["heart", "left lung", "lung tumor", "right lung"]


def test_what_is_not_there_is_asked_only_where_that_is_known() -> None:
    alone = SeenRegions((SeenRegion("left lung", (0.0, 0.0, 4.0, 4.0)),), Frame.pixel((10, 10)))
    generator = PhraseGenerator()
    assert generator.false_phrases(alone, lambda name: False, seed=0) == ()
    (other, denied) = generator.false_phrases(alone, lambda name: name == "right lung", seed=0)
    assert (other.text, other.kind, other.regions) == ("right lung", PhraseKind.OTHER_SIDE, ())
    assert denied.kind is PhraseKind.DENIED
    assert parse_phrase(denied.text).negated
    assert parse_phrase(denied.text).concept == "right lung"


def test_siblings_are_kinds_of_the_same_thing() -> None:
    ontology = Ontology.default()
    polyp = SeenRegions((SeenRegion("benign breast tumor", (0.0, 0.0, 4.0, 4.0)),), Frame.pixel((10, 10)))
    siblings = of_kind(PhraseGenerator().false_phrases(polyp, lambda name: True, seed=0), PhraseKind.SIBLING)
    assert "malignant breast tumor" in [phrase.text for phrase in siblings]
    assert all(set(ontology[phrase.concept].is_a) & {"breast tumor"} for phrase in siblings)


def test_a_label_that_the_ontology_does_not_know_is_called_by_its_name() -> None:
    strange = SeenRegions((SeenRegion("gizmo", (0.0, 0.0, 4.0, 4.0)),), Frame.pixel((10, 10)))
    assert [phrase.text for phrase in PhraseGenerator().true_phrases(strange, seed=0)] == ["gizmo"]
