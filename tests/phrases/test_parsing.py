# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pickle

import pytest

from monai_medglip.errors import PhraseError
from monai_medglip.ontology import Concept, Level, Ontology
from monai_medglip.phrases import Phrase, Side, parse_phrase


def test_a_phrase_has_its_concept_and_side() -> None:
    assert parse_phrase("the left lung") == Phrase("the left lung", "left lung", Side.LEFT)


def test_the_text_stays_as_typed_but_for_spaces_around_it() -> None:
    assert parse_phrase("  Voice  Box \n").text == "Voice  Box"


def test_a_phrase_that_the_ontology_does_not_know_can_be_asked() -> None:
    assert parse_phrase("left pneumatocele") == Phrase("left pneumatocele", None, Side.LEFT)


def test_both_sides_of_a_pair_are_asked_as_the_thing_without_its_side() -> None:
    assert parse_phrase("both lungs") == Phrase("both lungs", "lung", Side.BOTH)


def test_a_held_out_name_has_its_concept_too() -> None:
    assert parse_phrase("colorectal polyp").concept == "polyp"


@pytest.mark.parametrize(
    "text",
    [
        "no polyp",
        "without a polyp",
        "polyp is absent",
        "absent polyp",
        "polyp not seen",
        "there is no evidence of polyps.",
        "free of polyps",
        "polyp-free",
        "negative for polyp",
        "polyp is no longer visible",
        "no definite polyp",
    ],
)
def test_a_denied_phrase_keeps_the_concept_that_it_denies(text: str) -> None:
    phrase = parse_phrase(text)
    assert (phrase.concept, phrase.negated) == ("polyp", True)


@pytest.mark.parametrize(
    "text", ["cannot exclude a polyp", "polyp cannot be excluded", "there is a polyp", "no new polyp"]
)
def test_a_doubt_is_no_denial(text: str) -> None:
    phrase = parse_phrase(text)
    assert (phrase.concept, phrase.negated) == ("polyp", False)


def test_an_unknown_thing_can_be_denied() -> None:
    assert parse_phrase("no pneumatocele") == Phrase("no pneumatocele", negated=True)


def test_a_name_that_begins_like_a_negation_is_no_negation() -> None:
    assert parse_phrase("non-enhancing tumor") == Phrase("non-enhancing tumor", "non-enhancing tumor")


def test_another_ontology_can_be_used() -> None:
    ontology = Ontology({"flux": Concept("flux", Level.FINDING)}, {})
    assert parse_phrase("no fluxes", ontology) == Phrase("no fluxes", None, negated=True)
    assert parse_phrase("no flux", ontology).concept == "flux"
    assert parse_phrase("lung", ontology).concept is None


@pytest.mark.parametrize("text", ["肺", "сердце", "قلب", "左肺"])
def test_another_script_is_a_phrase_without_concept(text: str) -> None:
    assert parse_phrase(text) == Phrase(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a phrase must hold a word, got an empty text"),
        (" \t\n", "a phrase must hold a word, got an empty text"),
        ("-- ?!", "a phrase must hold a letter or a digit, got '-- \\?!'"),
        ("a" * 10_000, "a phrase must have at most 512 characters, got 10000"),
        (None, "a phrase must be a text, got NoneType"),
    ],
)
def test_a_phrase_that_cannot_be_asked_is_refused(text: str, message: str) -> None:
    with pytest.raises(PhraseError, match=message):
        parse_phrase(text)


def test_a_phrase_of_the_greatest_length_is_taken() -> None:
    assert parse_phrase("x" * 512).concept is None


def test_many_negations_in_a_row_are_read_at_once() -> None:
    assert parse_phrase("no " * 101 + "polyp").negated
    assert not parse_phrase("no " * 100 + "polyp").negated


def test_a_phrase_goes_through_a_pickle() -> None:
    phrase = parse_phrase("no left lung")
    assert pickle.loads(pickle.dumps(phrase)) == phrase
