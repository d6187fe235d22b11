# SPDX-License-Identifier: Apache-2.0
"""All cards of the package: each is read and checked, together they hold what the project promises."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from monai_medglip.data_engine.adapters import READERS
from monai_medglip.data_engine.cards import Access, CommercialUse, overlapping_sets, source_card, source_cards
from monai_medglip.data_engine.cards.catalog import CARD_FOLDER, source_names
from monai_medglip.data_engine.label_rules import Relation
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.modality import KNOWN_MODALITIES
from monai_medglip.ontology import Ontology

CARDS = sorted(path.stem for path in CARD_FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("name", CARDS)
def test_every_card_is_valid_and_gives_rules_for_all_its_labels(name):
    card, ontology = source_card(name), Ontology.default()
    rules = card.label_rules(ontology)
    assert [rule.value for rule in rules] == [label.value for label in card.labels]
    for rule in rules:
        assert rule.source == name
        concept = ontology[rule.label]
        related = {
            None: (None,),
            Relation.IS_A: ontology.ancestors(rule.label),
            Relation.PART_OF: {whole for kind in (rule.label, *ontology.ancestors(rule.label))
                               for whole in ontology[kind].part_of},
            Relation.LOCATED_IN: concept.located_in,
        }  # fmt: skip
        assert rule.parent in related[rule.relation]


def test_there_are_cards_for_more_than_sixty_public_sets_in_every_modality():
    cards = source_cards()
    assert tuple(cards) == source_names() == tuple(CARDS)
    assert len(cards) >= 100
    seen = Counter(modality for card in cards.values() for modality in card.modalities)
    assert [modality for modality in KNOWN_MODALITIES if not seen[modality]] == []


def test_every_kind_of_access_and_of_terms_is_there():
    cards = source_cards().values()
    assert {card.access for card in cards} == set(Access)
    assert {card.commercial_use for card in cards} == set(CommercialUse)


def test_every_reader_of_layouts_has_a_card():
    assert {card.layout.reader for card in source_cards().values() if card.layout} == set(READERS)


@pytest.mark.parametrize("name", CARDS)
def test_a_license_that_forbids_commercial_use_is_never_cleared(name):
    card = source_card(name)
    if any(word in card.license for word in ("-NC", "non-commercial", "research")):
        assert card.commercial_use is not CommercialUse.YES


def test_sets_that_share_images_name_each_other_whichever_card_tells_it():
    assert "lidc_idri" in overlapping_sets("luna16")
    assert "luna16" in overlapping_sets("lidc_idri")
    for name in source_names():
        for other in overlapping_sets(name):
            assert name in overlapping_sets(other)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ConfigurationError, match="got 'KITS23'; did you mean 'kits23'"):
        source_card("KITS23")


def test_values_of_totalsegmentator_are_the_names_of_its_public_table(shared_data):
    table = (shared_data / "text" / "totalsegmentator" / "snomed_mapping.csv").read_text(encoding="utf-8")
    known = {line.split(",")[0] for line in table.splitlines()[1:]}
    for name, count in (("totalsegmentator", 117), ("totalsegmentator_mr", 50)):
        values = {label.value for label in source_card(name).labels}
        # Classes of MR whose codes are not published.
        assert values - known <= {"vertebrae", "intervertebral_discs", "lung_left", "lung_right"}
        assert len(values) >= count


def test_values_of_slake_are_those_of_its_masks_and_boxes(shared_data):
    folder = shared_data / "vqa" / "slake"
    rows = [json.loads(line) for line in (folder / "images.jsonl").read_text(encoding="utf-8").splitlines()]
    named = {box["label"] for row in rows for box in row["boxes"]} | {
        name for row in rows for name in row.get("mask_labels", {})
    }
    assert named <= {label.value for label in source_card("slake_subset").labels}
