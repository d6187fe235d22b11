# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from monai_medglip import Ontology
from monai_medglip.cli.main import main
from tests.architecture.fresh_process import heavy_modules_after


def _printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["data", "ontology", *words]) == 0
    return capsys.readouterr().out


def _told(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    return json.loads(_printed(capsys, "--json", *words))


def test_it_loads_no_heavy_library() -> None:
    assert heavy_modules_after("from monai_medglip.cli.main import main\nmain(['data', 'ontology', 'lung'])") == set()


def test_a_concept_is_told_in_any_spelling(capsys) -> None:
    assert _told(capsys, "Lung,", "left")["name"] == "left lung"


def test_a_concept_is_told_with_its_relations_names_and_places(capsys) -> None:
    told = _told(capsys, "hippocampus")
    ontology = Ontology.default()
    assert told["path"] == ["brain", "temporal lobe", "hippocampus"]
    assert told["parts"] == ["anterior hippocampus", "posterior hippocampus"]
    assert told["synonyms"][0] == ontology["hippocampus"].synonyms[0]
    assert told["codes"][0]["value"] == "5366008"
    assert told["languages"]["fr"] == "hippocampe"
    assert set(told["modalities"]) == {"CT", "MR", "US", "PET"}
    assert set(told["body_regions"]) == {"temporal lobe", "head"}


def test_the_data_sets_that_label_a_concept_or_a_kind_of_it_are_told(capsys) -> None:
    assert "msd_hippocampus" in _told(capsys, "anterior hippocampus")["data_sets"]
    assert "montgomery" in _told(capsys, "lung")["data_sets"]
    assert "montgomery" not in _told(capsys, "brain")["data_sets"]


def test_the_text_is_a_tree_where_each_concept_hangs_below_its_nearest(capsys) -> None:
    lines = _printed(capsys, "heart").splitlines()
    assert lines[0] == "heart (organ)"
    assert "  part   heart chamber" in lines
    assert "         kind   heart ventricle  (+2)" in lines
    assert "  part   heart ventricle" not in lines


def test_a_body_region_lists_its_widest_concepts_by_level(capsys) -> None:
    told = _told(capsys, "blood", "smear")
    assert told["concepts"] == {"cell": list(Ontology.default().in_region("blood smear"))}


def test_a_body_region_that_is_a_concept_is_told_as_both(capsys) -> None:
    told = _told(capsys, "thorax")
    assert (told["name"], told["body_region"]) == ("chest", "chest")
    assert "lung" in told["concepts"]["organ"]
    assert "images of the chest may also show: abdomen" in _printed(capsys, "chest")


def test_without_a_name_it_counts_levels_and_regions(capsys) -> None:
    told = _told(capsys)
    assert told["concepts"] == sum(told["levels"].values()) == len(Ontology.default())
    assert list(told["body_regions"]) == list(Ontology.default().body_regions)
    assert f"{told['concepts']} concepts: " in _printed(capsys)


def test_a_name_may_be_of_another_language(capsys) -> None:
    assert _told(capsys, "--language", "de", "linke", "Niere")["name"] == "left kidney"


def test_an_unknown_word_is_told_with_the_nearest(capsys) -> None:
    assert main(["data", "ontology", "pneumotorax"]) == 1
    assert "did you mean 'pneumothorax'" in capsys.readouterr().err
