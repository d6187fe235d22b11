# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology import Concept, Level
from monai_medglip.ontology.visibility import where_visible

CT, MR = frozenset({Modality.CT}), frozenset({Modality.MR})


def _visible(*concepts: Concept) -> dict[str, frozenset[Modality]]:
    def kinds(name: str) -> list[str]:
        return [concept.name for concept in concepts if name in concept.is_a]

    return where_visible({concept.name: concept for concept in concepts}, lambda concept: concept.modalities, kinds)


def test_an_empty_field_is_that_of_what_the_concept_is() -> None:
    parent, child = Concept("a", Level.ORGAN, modalities=CT), Concept("b", Level.ORGAN, is_a=("a",))
    assert _visible(parent, child) == {"a": CT, "b": CT}


def test_what_a_concept_is_part_of_counts_when_what_it_is_says_nothing() -> None:
    kind, whole = Concept("a", Level.ORGAN), Concept("w", Level.ORGAN, modalities=MR)
    part = Concept("b", Level.STRUCTURE, is_a=("a",), part_of=("w",))
    assert _visible(kind, whole, part)["b"] == MR


def test_a_concept_is_visible_where_one_of_its_kinds_is() -> None:
    parent, child = Concept("a", Level.ORGAN, modalities=CT), Concept("b", Level.ORGAN, is_a=("a",), modalities=MR)
    assert _visible(parent, child) == {"a": CT | MR, "b": MR}


def test_nothing_is_known_where_no_row_says_it() -> None:
    assert _visible(Concept("a", Level.ORGAN), Concept("b", Level.ORGAN, is_a=("a",))) == {
        "a": frozenset(),
        "b": frozenset(),
    }


def test_a_kind_of_which_nothing_is_known_leaves_nothing_known_of_its_parent() -> None:
    parent = Concept("a", Level.ORGAN, modalities=CT)
    unknown = Concept("b", Level.ORGAN, is_a=("a", "c"))
    assert _visible(parent, Concept("c", Level.ORGAN), unknown)["a"] == frozenset()
