# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest

from monai_medglip.ontology import Concept, Level, Ontology
from monai_medglip.phrases import Phrase, Side, find_phrases


def _found(caption: str) -> list[tuple[str, str | None]]:
    return [(phrase.text, phrase.concept) for phrase in find_phrases(caption)]


def test_a_caption_gives_its_phrases_in_order_with_their_characters() -> None:
    caption = "Clear left lung, no glioma."
    assert find_phrases(caption) == [
        Phrase("left lung", "left lung", Side.LEFT, False, (6, 15)),
        Phrase("glioma", "glioma", Side.NONE, True, (20, 26)),
    ]


def test_the_longest_name_wins() -> None:
    assert _found("nucleus of the white blood cell") == [
        ("nucleus of the white blood cell", "white blood cell nucleus")
    ]


def test_a_name_inside_another_word_is_no_name() -> None:
    assert find_phrases("colonoscopy, sweetheart, liverwurst") == []


@pytest.mark.parametrize("caption", ["left and right lungs", "both lungs", "bilateral lungs", "right and left lung"])
def test_both_sides_together_are_one_phrase(caption: str) -> None:
    assert find_phrases(caption) == [Phrase(caption, "lung", Side.BOTH, False, (0, len(caption)))]


def test_sides_named_apart_are_two_phrases() -> None:
    assert _found("the left lung and the right lung") == [("left lung", "left lung"), ("right lung", "right lung")]


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("The lung on the left side is clear", [("lung on the left side", "left lung")]),
        ("The lung left of the heart", [("lung", "lung"), ("heart", "heart")]),
        ("muscles on both", [("muscles", "skeletal muscle")]),
        ("seen from the left: heart", [("heart", "heart")]),
        ("lung, left heart border", [("lung", "lung"), ("heart", "heart")]),
        ("left lung/right lung", [("left lung", "left lung"), ("right lung", "right lung")]),
    ],
)
def test_words_of_a_side_belong_to_the_name_beside_them(caption: str, expected: list[tuple[str, str]]) -> None:
    assert _found(caption) == expected


@pytest.mark.parametrize("caption", ["", "   ", "Unremarkable study.", "肺", "!?", "left", "no"])
def test_a_caption_without_names_has_no_phrases(caption: str) -> None:
    assert find_phrases(caption) == []


def test_a_name_may_be_hyphenated_or_broken_over_lines() -> None:
    assert _found("left\n  lung and soft-tissue sarcoma") == [
        ("left\n  lung", "left lung"),
        ("soft-tissue sarcoma", "soft tissue sarcoma"),
    ]


def test_another_ontology_can_be_used() -> None:
    ontology = Ontology({"flux": Concept("flux", Level.FINDING)}, {})
    assert [phrase.concept for phrase in find_phrases("no flux in the lung", ontology)] == ["flux"]


def test_real_reports_never_deny_the_lungs_and_the_heart_that_they_describe(shared_data: Path) -> None:
    denied = total = 0
    with (shared_data / "reports" / "openi_text" / "reports.jsonl").open(encoding="utf-8") as reports:
        for line in list(reports)[:300]:
            findings = json.loads(line)["findings"] or ""
            phrases = [p for p in find_phrases(findings) if p.concept in ("heart", "lung", "left lung", "right lung")]
            total += len(phrases)
            denied += sum(phrase.negated for phrase in phrases)
    assert total > 150
    assert denied == 0
