# SPDX-License-Identifier: Apache-2.0
"""The rules that our own cards give against the rows of LABELS.tsv, which persons wrote; then the rules one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from monai_medglip.data_engine import GroundingFolder, InstanceRule, LabelRule, Relation
from monai_medglip.data_engine.cards import CardLabel, source_card
from monai_medglip.data_engine.source_concepts import SourceConcepts
from monai_medglip.imaging import Modality
from monai_medglip.ontology import Mirror, Ontology

OWN = {
    "2d": ("acdc", "bccd", "busi", "drive", "dsb2018", "figshare_brain_tumor", "hc18", "jsrt", "kvasir_seg",
           "montgomery", "openkbp", "ph2", "ufba425_teeth", "usgra_seg", "wbc_jtsc"),
    "3d": ("acdc", "brats2013", "ibsi_lung", "la2018", "lung_mr", "msd_hippocampus", "openkbp", "sts", "totalseg_ct",
           "totalseg_mr"),
}  # fmt: skip
SOURCES = [(folder, source) for folder, sources in OWN.items() for source in sources]


@dataclass(frozen=True)
class Marked:
    """A region as far as the truth of concepts is concerned."""

    concept: str
    ignored: bool = False


@pytest.fixture(params=SOURCES, ids="/".join)
def both(request, shared_data: Path) -> tuple[dict[str, LabelRule], dict[str, LabelRule]]:
    """The rules of LABELS.tsv and of the card for one source, by value."""
    folder, source = request.param
    written = {rule.value: rule for rule in GroundingFolder(shared_data / folder).labels(source)}
    derived = source_card(source).label_rules(Ontology.default())
    return written, {rule.value: rule for rule in derived}


def test_all_of_our_sources_are_compared(shared_data):
    found = {folder: tuple(sorted(GroundingFolder(shared_data / folder).sources)) for folder in OWN}
    assert found == OWN


def test_the_card_says_of_every_label_what_the_table_says(both):
    written, derived = both
    assert derived.keys() >= written.keys()
    assert {rule.label for rule in derived.values()} == {rule.label for rule in written.values()}
    for value, rule in written.items():
        same = replace(rule, parent=None, relation=None, union_is_whole=False)
        assert replace(derived[value], parent=None, relation=None, union_is_whole=False) == same


def test_a_parent_that_makes_a_difference_is_that_of_the_table(both):
    written, derived = both
    for value, rule in written.items():
        if rule.relation is Relation.IS_A and rule.exhaustive:
            assert (derived[value].parent, derived[value].relation) == (rule.parent, rule.relation)
        if rule.relation is Relation.PART_OF and rule.union_is_whole:
            found = derived[value]
            assert (found.parent, found.relation, found.union_is_whole) == (rule.parent, rule.relation, True)


def test_every_concept_is_as_true_by_the_card_as_by_the_table(both, shared_data):
    written, _ = both
    ontology = Ontology.default()
    table, card = (SourceConcepts(list(rules.values()), ontology) for rules in both)
    source = next(iter(written.values())).source
    folder = GroundingFolder(shared_data / ("2d" if source in OWN["2d"] else "3d"))
    record = folder.records(sources=[source])[0]
    labels = [rule.label for rule in written.values()]
    images = [(), tuple(labels), *combinations(labels, 1), *pairwise(labels)]
    for shown in images:
        regions = [Marked(label) for label in shown]
        for name in table.names():
            assert card.truth(name, regions, record).instances == table.truth(name, regions, record).instances, shown
            assert card.truth(name, regions, record).presence is table.truth(name, regions, record).presence, shown


def label_rules(labels, **changes):
    """Rules of a card of head MR (so that nothing is fixed by the body region) with some labels."""
    told = [CardLabel(str(value), concept, exhaustive=True) for value, concept in enumerate(labels, start=1)]
    card = replace(source_card("brats2013"), labels=tuple(told), covers=(), wholes=(), **changes)
    return card.label_rules(Ontology.default())


@pytest.mark.parametrize(
    ("concept", "mirror"),
    [("left parotid gland", Mirror.SWAP), ("left atrium", Mirror.FIXED), ("brainstem", Mirror.FREE)],
)
def test_mirroring_swaps_pairs_and_forbids_a_side_without_a_pair(concept, mirror):
    assert label_rules([concept])[0].mirror is mirror


@pytest.mark.parametrize(
    ("modality", "region", "mirror"),
    [
        (Modality.XR, "chest", Mirror.FIXED),
        (Modality.CT, "abdomen", Mirror.FIXED),
        (Modality.XR, "breast", Mirror.FREE),
        (Modality.ES, "colon", Mirror.FREE),
    ],
)
def test_images_of_the_trunk_are_never_mirrored(modality, region, mirror):
    (rule,) = label_rules(["spinal cord"], modalities=(modality,), body_regions=(region,))
    assert rule.mirror is mirror


def test_a_left_and_a_right_thing_make_silence_count_against_what_both_are():
    left, right = label_rules(["left kidney", "right kidney"])
    assert (left.parent, left.relation) == (right.parent, right.relation) == ("kidney", Relation.IS_A)


def test_one_kind_alone_says_nothing_of_what_it_is():
    (rule,) = label_rules(["glioma"])
    assert rule.relation is not Relation.IS_A
    assert not SourceConcepts([rule], Ontology.default()).is_exhaustive("brain tumor")


def test_a_label_that_is_not_exhaustive_names_its_nearest_kind():
    card = source_card("brats2013")
    (rule,) = replace(card, labels=(CardLabel("1", "glioma"),), wholes=()).label_rules(Ontology.default())
    assert (rule.parent, rule.relation) == (Ontology.default()["glioma"].is_a[0], Relation.IS_A)


@pytest.mark.parametrize(
    ("concept", "instances"),
    [("glioma", InstanceRule.COMPONENTS), ("lymphocyte", InstanceRule.COMPONENTS), ("brainstem", InstanceRule.ONE)],
)
def test_lesions_and_cells_are_told_apart_by_what_is_connected(concept, instances):
    assert label_rules([concept])[0].instances is instances
