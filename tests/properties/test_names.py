# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medglip.ontology import Ontology, Side
from monai_medglip.ontology.name_forms import name_key, split_side
from monai_medglip.phrases import find_phrases, parse_phrase

ONTOLOGY = Ontology.default()
FORMS = [(c.name, form) for c in ONTOLOGY for held_out in (False, True) for form in ONTOLOGY.names(c.name, held_out)]
MIRRORED = {"left": "right", "right": "left"}
SETTINGS = settings(deadline=None, max_examples=80)


def test_every_form_of_every_name_resolves_to_its_concept() -> None:
    resolved = [(name, form, ONTOLOGY.resolve(form)) for name, form in FORMS]
    assert [(name, form) for name, form, found in resolved if found is None or found.name != name] == []


def test_no_held_out_name_is_a_spelling_of_a_training_name() -> None:
    training = {name_key(form) for concept in ONTOLOGY for form in ONTOLOGY.names(concept.name)}
    held_out = {name_key(form) for concept in ONTOLOGY for form in ONTOLOGY.names(concept.name, held_out=True)}
    assert held_out
    assert training & held_out == set()


def test_mirrored_words_name_the_mirror_concept() -> None:
    pairs = [concept for concept in ONTOLOGY if concept.mirror_of]
    assert len(pairs) > 50
    for concept in pairs:
        for form in ONTOLOGY.names(concept.name):
            words = re.sub(r"\b(left|right)\b", lambda word: MIRRORED[word.group()], form)
            if words != form:
                found = ONTOLOGY.resolve(words)
                assert found is not None, words
                assert found.name == concept.mirror_of, words


def test_mirroring_twice_gives_the_same_concept() -> None:
    for concept in ONTOLOGY:
        mirrored = ONTOLOGY.mirror(concept.name)
        assert mirrored is None or ONTOLOGY.mirror(mirrored) == concept.name


def test_the_side_of_a_concept_is_that_of_its_name() -> None:
    for concept in ONTOLOGY:
        assert split_side(name_key(concept.name))[0] is concept.side


def test_ancestors_and_descendants_are_each_others_converse() -> None:
    for concept in ONTOLOGY:
        for ancestor in ONTOLOGY.ancestors(concept.name):
            assert concept.name in ONTOLOGY.descendants(ancestor)


@SETTINGS
@given(
    chosen=st.sampled_from(FORMS),
    case=st.sampled_from([str.upper, str.lower, str.title]),
    joint=st.sampled_from([" ", "  ", "-", "\n"]),
    start=st.sampled_from(["", "the ", " The ", "a "]),
)
def test_typing_habits_do_not_change_the_concept(chosen: tuple[str, str], case: object, joint: str, start: str) -> None:
    name, form = chosen
    found = ONTOLOGY.resolve(start + joint.join(case(form).split()))  # type: ignore[operator]
    assert found is not None
    assert found.name == name


@SETTINGS
@given(chosen=st.sampled_from(FORMS))
def test_every_name_is_found_in_a_sentence_as_it_stands(chosen: tuple[str, str]) -> None:
    name, form = chosen
    caption = f"There may be: {form}. Next sentence."
    start = caption.index(form)
    assert [(p.concept, p.span) for p in find_phrases(caption)] == [(name, (start, start + len(form)))]


@SETTINGS
@given(chosen=st.sampled_from(FORMS), denial=st.sampled_from(["no {}", "{} is absent", "without evidence of {}"]))
def test_every_name_can_be_denied(chosen: tuple[str, str], denial: str) -> None:
    name, form = chosen
    phrase = parse_phrase(denial.format(form))
    assert (phrase.concept, phrase.negated) == (name, True)


@SETTINGS
@given(caption=st.text(max_size=300))
def test_any_text_can_be_a_caption(caption: str) -> None:
    for phrase in find_phrases(caption):
        assert phrase.span is not None
        assert caption[slice(*phrase.span)] == phrase.text


@SETTINGS
@given(chosen=st.lists(st.sampled_from(FORMS), min_size=2, max_size=4))
def test_phrases_of_a_sentence_are_in_order_and_do_not_overlap(chosen: list[tuple[str, str]]) -> None:
    phrases = find_phrases(", ".join(form for _, form in chosen))
    assert [phrase.concept for phrase in phrases] == [name for name, _ in chosen]
    ends = [phrase.span or (0, 0) for phrase in phrases]
    assert all(first[1] <= second[0] for first, second in pairwise(ends))


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT])
def test_side_concepts_of_one_thing_are_narrower_kinds_of_it(side: Side) -> None:
    paired = [concept for concept in ONTOLOGY if concept.side is side and concept.mirror_of]
    assert all(set(ONTOLOGY.ancestors(c.name)) & set(ONTOLOGY.ancestors(c.mirror_of or "")) for c in paired)
