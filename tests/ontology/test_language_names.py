# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from monai_medglip.errors import OntologyError
from monai_medglip.ontology import Ontology
from monai_medglip.ontology.language_names import LanguageNames

CONCEPTS = {"lung", "left lung", "heart"}


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    return Ontology.default()


def _read(folder: Path, *rows: str) -> LanguageNames:
    path = folder / "de.tsv"
    path.write_text("\n".join(("concept\tname\tsynonyms", *rows)) + "\n", encoding="utf-8")
    return LanguageNames.from_table(path, CONCEPTS)


def test_the_file_bears_the_language_and_a_row_the_names(tmp_path: Path) -> None:
    names = _read(tmp_path, "lung\tLunge\t", "heart\tHerz\tHerzschatten | Cor")
    assert names == LanguageNames("de", {"lung": ("Lunge",), "heart": ("Herz", "Herzschatten", "Cor")})


@pytest.mark.parametrize("text", ["linke Lunge", "  LINKE\tlunge ", "linke-Lunge"])
def test_case_and_spaces_make_no_difference(tmp_path: Path, text: str) -> None:
    assert _read(tmp_path, "left lung\tlinke Lunge\t").resolve(text) == "left lung"


def test_composed_and_decomposed_letters_are_the_same(tmp_path: Path) -> None:
    assert _read(tmp_path, "heart\tcœur gâté\t").resolve(unicodedata.normalize("NFD", "Cœur gâté")) == "heart"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("liver\tLeber\t",), "de.tsv row 2: 'liver' is no concept of the tables"),
        (("lung\tLunge\t", "lung\tLungenflügel\t"), "de.tsv row 3: 'lung' has a row already"),
        (("lung\tLunge\t", "heart\tHerz\tlunge"), "de.tsv row 3: 'lunge' of 'heart' also names 'lung'"),
        (("lung\t\tLunge",), "de.tsv row 2: 'lung' needs a name"),
    ],
)
def test_a_broken_row_is_told(tmp_path: Path, rows: tuple[str, ...], message: str) -> None:
    with pytest.raises(OntologyError, match=message):
        _read(tmp_path, *rows)


def test_seven_languages_have_names_of_the_common_concepts(ontology: Ontology) -> None:
    assert set(ontology.languages) == {"en", "de", "es", "fr", "it", "nl", "pt", "zh"}
    for language in ontology.languages:
        assert sum(ontology.name_in(concept.name, language) is not None for concept in ontology) >= 150


@pytest.mark.parametrize(
    ("name", "language", "said"),
    [
        ("kidney", "de", "Niere"),
        ("liver", "fr", "foie"),
        ("left kidney", "es", "riñón izquierdo"),
        ("spleen", "it", "milza"),
        ("breast", "pt", "mama"),
        ("stomach", "nl", "maag"),
        ("heart", "zh", "心脏"),
        ("heart", "en", "heart"),
        ("swan-ganz catheter", "de", None),
    ],
)
def test_a_concept_has_its_plainest_name_in_a_language(
    ontology: Ontology, name: str, language: str, said: str | None
) -> None:
    assert ontology.name_in(name, language) == said


def test_every_name_in_every_language_resolves_to_its_concept(ontology: Ontology) -> None:
    for language in ontology.languages:
        for concept in ontology:
            said = ontology.name_in(concept.name, language)
            if said is not None:
                found = ontology.resolve(said, language)
                assert found is not None
                assert found.name == concept.name


@pytest.mark.parametrize("text", ["Niere", "肺", "foie", "mama"])
def test_another_language_is_read_only_when_asked_for(ontology: Ontology, text: str) -> None:
    assert ontology.resolve(text) is None


def test_a_text_that_a_language_does_not_know_names_nothing(ontology: Ontology) -> None:
    assert ontology.resolve("kidney", "de") is None


@pytest.mark.parametrize("ask", ["name_in", "resolve"])
def test_a_language_without_a_table_is_told_with_those_that_have_one(ontology: Ontology, ask: str) -> None:
    with pytest.raises(OntologyError, match="expected a language, one of en, de, es, fr, it, nl, pt, zh; got 'tlh'"):
        getattr(ontology, ask)("lung", "tlh")
