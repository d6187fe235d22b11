# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from monai_medglip.errors import OntologyError
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology import BodyRegion, Concept, Level, Ontology


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    return Ontology.default()


def test_the_default_ontology_is_read_once() -> None:
    assert Ontology.default() is Ontology.default()


def test_the_package_tables_can_be_read_as_a_folder_of_ones_own(ontology: Ontology, repository: Path) -> None:
    again = Ontology.from_folder(repository / "monai_medglip" / "ontology" / "tables")
    assert list(again) == list(ontology)


def test_ancestors_are_broader_concepts_nearest_first(ontology: Ontology) -> None:
    assert ontology.ancestors("neutrophil") == ("granulocyte", "white blood cell", "blood cell", "cell")


def test_descendants_are_narrower_concepts(ontology: Ontology) -> None:
    assert set(ontology.descendants("white blood cell nucleus")) == set()
    assert set(ontology.descendants("nevus")) == {"common nevus", "atypical nevus"}
    assert {"nevus", "common nevus", "atypical nevus", "skin cancer", "melanoma"} < set(
        ontology.descendants("skin lesion")
    )


def test_there_are_thirty_two_teeth_eight_in_each_quarter(ontology: Ontology) -> None:
    single = [name for name in ontology.descendants("tooth") if ontology[name].side.value != "none"]
    assert len(single) == 32
    for quarter in ("upper right", "upper left", "lower left", "lower right"):
        assert sum(name.startswith(quarter) for name in single) == 8


def test_every_tooth_has_its_number_in_fdi_notation(ontology: Ontology) -> None:
    quarters = {1: "upper right", 2: "upper left", 3: "lower left", 4: "lower right"}
    kinds = "central incisor,lateral incisor,canine,first premolar,second premolar,first molar,second molar,third molar"
    for quarter, place in quarters.items():
        for number, kind in enumerate(kinds.split(","), start=1):
            for form in (f"tooth {quarter}{number}", f"FDI {quarter}{number}"):
                found = ontology.resolve(form)
                assert found is not None
                assert found.name == f"{place} {kind}"


def test_parts_and_contents_are_told_apart_from_kinds(ontology: Ontology) -> None:
    assert ontology.parts("hippocampus") == ("anterior hippocampus", "posterior hippocampus")
    assert "lung tumor" in ontology.contents("lung")
    assert {"left lung", "lung tumor"} & set(ontology.parts("lung")) == set()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("left upper lobe", ("lung", "left lung", "left upper lobe")),
        ("lung cancer", ("lung", "lung cancer")),
        ("common nevus", ("skin", "skin lesion", "nevus", "common nevus")),
        ("heart", ("heart",)),
    ],
)
def test_the_path_goes_by_parts_before_places_before_kinds(
    ontology: Ontology, name: str, path: tuple[str, ...]
) -> None:
    assert ontology.path(name) == path


def test_a_path_begins_with_a_concept_that_hangs_on_nothing(ontology: Ontology) -> None:
    for concept in ontology:
        first = ontology[ontology.path(concept.name)[0]]
        assert (first.is_a, first.part_of, first.located_in) == ((), (), ())


def test_all_that_lies_in_a_region_is_reached_from_its_widest_concepts(ontology: Ontology) -> None:
    for region in ontology.body_regions:
        reached, waiting = set(), list(ontology.in_region(region))
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += (*ontology.children(name), *ontology.parts(name), *ontology.contents(name))
        assert {c.name for c in ontology if region in ontology.body_regions_of(c.name)} <= reached


@pytest.mark.parametrize("ask", ["in_region", "shown_with"])
def test_an_unknown_body_region_is_told_with_those_there_are(ontology: Ontology, ask: str) -> None:
    with pytest.raises(OntologyError, match=r"expected a body region, one of head, neck.*; got 'tail'"):
        getattr(ontology, ask)("tail")


def test_a_region_is_shown_with_others(ontology: Ontology) -> None:
    assert {"knee", "limb", "skin"} <= ontology.shown_with("knee")


@pytest.mark.parametrize(
    ("text", "name"),
    [("pneumotorax", "pneumothorax"), ("hippocampuss", "hippocampus"), ("vein hepatic", "hepatic vein")],
)
def test_a_misspelled_name_has_the_right_one_near(ontology: Ontology, text: str, name: str) -> None:
    assert ontology.nearest(text)[0] == name


def test_nothing_is_near_a_text_without_words(ontology: Ontology) -> None:
    assert ontology.nearest("") == ()


def test_the_nearest_names_are_told_where_none_resolves(ontology: Ontology) -> None:
    with pytest.raises(OntologyError, match="got 'pneumotorax'; did you mean 'pneumothorax' or"):
        ontology["pneumotorax"]


def test_relations_go_through_neither_part_nor_place(ontology: Ontology) -> None:
    assert "lung" not in ontology.ancestors("left lower lobe")
    assert "lung" not in ontology.ancestors("lung tumor")


def test_mirrors_are_pairs(ontology: Ontology) -> None:
    assert ontology.mirror("left lung") == "right lung"
    assert ontology.mirror("upper right canine") == "upper left canine"


def test_a_concept_without_a_side_is_its_own_mirror(ontology: Ontology) -> None:
    assert ontology.mirror("heart") == "heart"


@pytest.mark.parametrize("name", ["left atrium", "left ventricular cavity", "right middle lobe"])
def test_a_side_without_a_mirror_image_has_no_mirrored_name(ontology: Ontology, name: str) -> None:
    assert ontology.mirror(name) is None


@pytest.mark.parametrize(
    "ask", ["__getitem__", "ancestors", "descendants", "mirror", "names", "parts", "contents", "path"]
)
def test_an_unknown_name_is_told_with_the_nearest(ontology: Ontology, ask: str) -> None:
    with pytest.raises(OntologyError, match="expected the name of a concept, got 'Windpipes'; did you mean 'trachea'"):
        getattr(ontology, ask)("Windpipes")


def test_a_name_that_nothing_resembles_points_to_the_table(ontology: Ontology) -> None:
    with pytest.raises(OntologyError, match=r"see docs/reference/ontology\.md to add one"):
        ontology["flux capacitor"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Lung, left", "left lung"),
        ("the left pulmonary field", "left lung"),
        ("lung on the right side", "right lung"),
        ("left parotid", "left parotid gland"),
        ("both lungs", "lung"),
        ("bilateral kidneys", "kidney"),
        ("left and right ventricle", "heart ventricle"),
        ("tumours of the brain", "brain tumor"),
        ("oesophagus", "esophagus"),
        ("foetal head", "fetal head"),
        ("Leucocytes", "white blood cell"),
        ("wind-pipe", "trachea"),
        ("naevi", "nevus"),
        ("maxillary right first molar", "upper right first molar"),
        ("right upper 1st molar", "upper right first molar"),
        ("upper left wisdom tooth", "upper left third molar"),
        ("wisdom teeth", "third molar"),
        ("7th left rib", "left 7th rib"),
        ("vertebra L-2", "l2 vertebra"),
        ("left-sided melanoma", "melanoma"),
    ],
)
def test_a_typed_name_is_resolved(ontology: Ontology, text: str, name: str) -> None:
    found = ontology.resolve(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "left",
        "the",
        "both",
        "left side",
        "flux capacitor",
        "lung flux",
        "left heart",
        "right aorta",
        "left lung right",
        "left right middle lobe",
        "both left lungs",
        "left and right flux",
        "no polyp",
        "pulmonary",
        "肺",
        "tooth 99",
    ],
)
def test_a_text_that_names_no_concept_is_not_resolved_by_accident(ontology: Ontology, text: str) -> None:
    assert ontology.resolve(text) is None


def test_names_begin_with_the_name_and_hold_forms_of_the_side(ontology: Ontology) -> None:
    names = ontology.names("left lung")
    assert names[0] == "left lung"
    assert {"lung on the left side", "left-sided lung", "left pulmonary field"} <= set(names)


def test_held_out_names_are_given_only_when_asked_for(ontology: Ontology) -> None:
    assert ontology.names("left lung", held_out=True) == ("left lung parenchyma",)
    assert "left lung parenchyma" not in ontology.names("left lung")


@pytest.mark.parametrize(
    ("name", "modality", "region"),
    [
        ("rib", Modality.XR, "chest"),
        ("liver", Modality.XR, "chest"),
        ("left lung", Modality.CT, "abdomen"),
        ("heart", Modality.CT, "abdomen"),
        ("left lung", Modality.CT, "head and neck"),
        ("tooth", Modality.CT, "head and neck"),
        ("brainstem", Modality.CT, "head and neck"),
        ("mandible", Modality.XR, "jaws"),
        ("liver", Modality.MR, "heart"),
        ("lung", Modality.MR, "heart"),
        ("blood vessel", Modality.FU, "eye"),
        ("white blood cell", Modality.MI, "cells"),
        ("polyp", Modality.UNKNOWN, None),
        ("polyp", Modality.ES, None),
        ("polyp", Modality.ES, "a region that the table does not have"),
        ("polyp", Modality.UNKNOWN, "colon"),
    ],
)
def test_what_an_image_may_show_is_not_excluded(
    ontology: Ontology, name: str, modality: Modality, region: str | None
) -> None:
    assert ontology.can_show(name, modality, region)


@pytest.mark.parametrize(
    ("name", "modality", "region"),
    [
        ("polyp", Modality.XR, "chest"),
        ("polyp", Modality.MI, "blood smear"),
        ("heart", Modality.FU, None),
        ("heart", Modality.UNKNOWN, "jaws"),
        ("retinal blood vessel", Modality.XR, "chest"),
        ("neutrophil", Modality.XR, "chest"),
        ("tooth", Modality.XR, "chest"),
        ("tooth", Modality.MR, "temporal lobe"),
        ("fetal head", Modality.US, "breast"),
        ("left lung", Modality.DS, "skin"),
        ("melanoma", Modality.FU, "eye"),
        ("glioma", Modality.US, "breast"),
        ("parotid gland", Modality.XR, "jaws"),
        ("left kidney", Modality.XR, "jaws"),
    ],
)
def test_what_an_image_cannot_show_is_excluded(
    ontology: Ontology, name: str, modality: Modality, region: str | None
) -> None:
    assert not ontology.can_show(name, modality, region)


def test_a_parent_can_be_shown_wherever_a_child_can(ontology: Ontology) -> None:
    for concept in ontology:
        for child in ontology.descendants(concept.name):
            for modality in Modality:
                if ontology.can_show(child, modality):
                    assert ontology.can_show(concept.name, modality), (concept.name, child, modality)


def test_every_level_of_anatomy_and_disease_is_in_use(ontology: Ontology) -> None:
    assert {concept.level for concept in ontology} >= {
        Level.ORGAN,
        Level.STRUCTURE,
        Level.FINDING,
        Level.LESION,
        Level.CELL,
    }


def test_the_repr_counts(ontology: Ontology) -> None:
    assert repr(ontology) == f"Ontology({len(ontology)} concepts, {len(ontology.body_regions)} body regions)"


def test_a_region_that_is_open_to_a_modality_shows_in_it_what_no_row_says() -> None:
    liver = Concept("liver", Level.ORGAN, modalities=frozenset({Modality.CT}), body_regions=frozenset({"abdomen"}))
    abdomen = BodyRegion("abdomen", frozenset({"abdomen"}))
    operation = BodyRegion("operation", frozenset({"abdomen"}), open_to=frozenset({Modality.ES}))
    ontology = Ontology({"liver": liver}, {region.name: region for region in (abdomen, operation)})
    shown = {
        (m, r): ontology.can_show("liver", m, r) for m in (Modality.ES, Modality.FU) for r in ontology.body_regions
    }
    assert [place for place, is_shown in shown.items() if is_shown] == [(Modality.ES, "operation")]


def test_a_folder_without_tables_of_concepts_is_told(tmp_path: Path) -> None:
    with pytest.raises(OntologyError, match=r"expected tables of concepts, .*; found none"):
        Ontology.from_folder(tmp_path)
