# SPDX-License-Identifier: Apache-2.0
"""The tables of the package against what they promise to cover; what needs the shared data is in the file beside."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology import Level, Ontology, Side

SMALLEST_SIZE = 500


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    return Ontology.default()


def _totalsegmentator() -> list[dict[str, str]]:
    """Class names with their SNOMED codes, of TotalSegmentator's mapping (Apache-2.0), and the concept of each."""
    with Path(__file__).with_name("totalsegmentator_classes.tsv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def test_the_tables_are_as_large_as_the_public_data_sets_need(ontology: Ontology) -> None:
    assert len(ontology) >= SMALLEST_SIZE


@pytest.mark.parametrize("row", _totalsegmentator(), ids=lambda row: row["class"])
def test_every_class_of_totalsegmentator_is_a_concept_with_its_side_and_code(
    ontology: Ontology, row: dict[str, str]
) -> None:
    concept = ontology[row["concept"]]
    said = row["class"].split("_")
    side = Side.LEFT if "left" in said else Side.RIGHT if "right" in said else Side.NONE
    assert concept.side is side
    if row["code"]:
        assert row["code"] in {code.value for code in concept.codes}


def test_every_vertebra_of_verse_is_a_concept_of_its_part_of_the_spine(ontology: Ontology) -> None:
    parts = {"c": ("cervical", 7), "t": ("thoracic", 13), "l": ("lumbar", 6)}
    for letter, (part, count) in parts.items():
        for number in range(1, count + 1):
            assert ontology.ancestors(f"{letter}{number} vertebra")[0] == f"{part} vertebra"


def test_there_are_twelve_ribs_on_each_side(ontology: Ontology) -> None:
    ribs = [ontology[name] for name in ontology.descendants("rib")]
    for side in (Side.LEFT, Side.RIGHT):
        assert sum(rib.side is side for rib in ribs) == 12


@pytest.mark.parametrize(
    "labels",
    [
        # VinDr-CXR
        "aortic enlargement|atelectasis|calcification|cardiomegaly|clavicle fracture|consolidation|emphysema|"
        "enlarged pulmonary artery|interstitial lung disease|infiltration|lung cavity|lung cyst|lung opacity|"
        "mediastinal shift|nodule|mass|pulmonary fibrosis|pneumothorax|pleural thickening|pleural effusion|"
        "rib fracture|lesion|lung tumor|pneumonia|tuberculosis",
        # NIH ChestX-ray14, CheXpert
        "effusion|hernia|edema|fibrosis|enlarged cardiomediastinum|support device|fracture|lung lesion",
        # BraTS
        "necrotic tumor core|peritumoral edema|enhancing tumor|whole tumor|tumor core|resection cavity",
        # HaN-Seg
        "left carotid artery|arytenoid|mandible|brainstem|buccal mucosa|oral cavity|left cochlea|cricopharyngeal inlet|"
        "anterior segment of the left eye|posterior segment of the right eye|left lacrimal gland|glottis|"
        "left submandibular gland|thyroid gland|supraglottic larynx|lips|optic chiasm|right optic nerve|"
        "pituitary gland",
        # CholecSeg8k
        "abdominal wall|liver|gastrointestinal tract|fat|grasper|connective tissue|blood|cystic duct|"
        "L-hook electrocautery|gallbladder|hepatic vein|liver ligament",
        # DENTEX
        "upper left quadrant|lower right quadrant|impacted tooth|caries|deep caries|periapical lesion",
        # IDRiD, REFUGE, RETOUCH
        "microaneurysm|retinal hemorrhage|hard exudate|soft exudate|optic disc|optic cup|fovea|drusen|"
        "intraretinal fluid|subretinal fluid|pigment epithelial detachment",
        # PanNuke, MoNuSAC, Lizard, MIDOG, Malaria
        "neoplastic cell|inflammatory cell|connective tissue cell|dead cell|epithelial cell|lymphocyte|macrophage|"
        "neutrophil|eosinophil|plasma cell|mitotic figure|gland|trophozoite|gametocyte|schizont|red blood cell",
        # FeTA
        "external cerebrospinal fluid|gray matter|white matter|brain ventricle|cerebellum|deep gray matter|brainstem",
        # ISIC 2018 task 2, HAM10000
        "pigment network|negative network|streaks|milia-like cysts|globules|basal cell carcinoma|actinic keratosis|"
        "benign keratosis|dermatofibroma|nevus|melanoma|vascular skin lesion",
        # EDD2020, EAD2019
        "barrett's esophagus|high-grade dysplasia|suspicious mucosa|polyp|specularity|saturation artifact|bubbles|"
        "image blur|instrument",
    ],
)
def test_the_words_of_public_data_sets_are_known(ontology: Ontology, labels: str) -> None:
    unknown = [label for label in labels.split("|") if ontology.resolve(label) is None]
    assert unknown == []


def test_both_sides_of_every_pair_stand_below_one_thing(ontology: Ontology) -> None:
    for concept in ontology:
        if concept.mirror_of:
            assert set(concept.is_a) & set(ontology.ancestors(concept.mirror_of)), concept.name


def test_for_every_concept_it_is_known_what_shows_it(ontology: Ontology) -> None:
    for concept in ontology:
        assert ontology.modalities_of(concept.name), concept.name
        assert ontology.body_regions_of(concept.name), concept.name


def test_a_camera_in_an_operation_may_see_organs_that_endoscopes_do_not(ontology: Ontology) -> None:
    assert ontology.can_show("liver", Modality.ES, "surgical field")
    assert not ontology.can_show("liver", Modality.ES, "colon")


def test_every_level_is_in_use(ontology: Ontology) -> None:
    assert {concept.level for concept in ontology} == set(Level)
