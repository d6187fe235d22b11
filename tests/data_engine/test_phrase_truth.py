# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.data_engine.grounding_folder import GroundingFolder
from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule
from monai_medglip.data_engine.phrase_truth import phrase_truth
from monai_medglip.data_engine.record import Truth
from monai_medglip.data_engine.source_concepts import Presence, SourceConcepts
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology import BodyRegion, Concept, Level, Mirror, Ontology
from tests.phantoms import LABEL_COLUMNS, PhantomFolder, blocks

FIRST, SECOND = np.s_[2:12, 3:9], np.s_[20:30, 10:25]
EMPTY = blocks((40, 30))
NOTHING_KNOWN = Ontology({}, {})


def known(*concepts):
    return Ontology({concept.name: concept for concept in concepts}, {"head": BodyRegion("head", frozenset({"head"}))})


def lung(value, label, **cells):
    return {"value": value, "label": label, "parent": "lung", "relation": "is_a", "union_is_whole": "yes", **cells}


def part(value, label, parent="hippocampus", whole="yes", **cells):
    return {"value": value, "label": label, "parent": parent, "relation": "part_of", "union_is_whole": whole, **cells}


LUNGS = [lung(1, "left lung"), lung(2, "right lung")]
HALVES = [part(1, "anterior hippocampus"), part(2, "posterior hippocampus")]


@pytest.fixture
def ask(tmp_path):
    def truth(labels, places, concept, ontology=NOTHING_KNOWN, **cells):
        made = PhantomFolder(tmp_path, labels, facts={"body_region": "head"})
        made.add_labelmap("a", blocks((40, 30), *places), **cells)
        folder = GroundingFolder(tmp_path)
        (record,) = folder.records()
        return phrase_truth(folder, record, folder.regions(record), concept, ontology)

    return truth


def boxes(truth):
    return [instance.box for instance in truth.instances]


def test_a_parent_has_each_child_as_an_instance(ask):
    truth = ask(LUNGS, [(1, FIRST), (2, SECOND)], "lung")
    assert boxes(truth) == [(2, 3, 12, 9), (20, 10, 30, 25)]
    assert (truth.presence, truth.exhaustive, truth.mask.area) == (Presence.PRESENT, True, 60 + 150)
    assert [instance.concept for instance in truth.instances] == ["lung", "lung"]


def test_a_child_is_itself_alone(ask):
    assert boxes(ask(LUNGS, [(1, FIRST), (2, SECOND)], "right lung")) == [(20, 10, 30, 25)]


def test_parts_make_one_whole_together(ask):
    truth = ask(HALVES, [(1, FIRST), (2, SECOND)], "hippocampus")
    assert boxes(truth) == [(2, 3, 30, 25)]
    assert truth.instances[0].mask.area == truth.mask.area == 60 + 150


def test_parts_make_no_whole_where_the_source_does_not_say_so(ask):
    cavities = [part(1, "left ventricular cavity", "heart", "no")]
    truth = ask(cavities, [(1, FIRST)], "heart")
    assert (truth.presence, truth.instances) == (Presence.UNKNOWN, ())


def test_parts_add_nothing_where_the_whole_is_there_itself(ask):
    labels = [*HALVES, {"value": 3, "label": "left hippocampus", "parent": "hippocampus", "relation": "is_a"}]
    assert boxes(ask(labels, [(1, FIRST), (3, SECOND)], "hippocampus")) == [(20, 10, 30, 25)]


def test_wholes_made_of_parts_are_instances_of_what_they_are(ask):
    lobes = [part(1, "left upper lobe", "left lung"), part(2, "right upper lobe", "right lung")]
    ontology = known(
        Concept("lung", Level.ORGAN),
        Concept("left lung", Level.ORGAN, is_a=("lung",)),
        Concept("right lung", Level.ORGAN, is_a=("lung",)),
    )
    truth = ask(lobes, [(1, FIRST), (2, SECOND)], "lung", ontology)
    assert boxes(truth) == [(2, 3, 12, 9), (20, 10, 30, 25)]
    assert not truth.exhaustive


def test_what_is_located_in_a_thing_is_not_the_thing(ask):
    caries = [{"value": 1, "label": "caries", "parent": "tooth", "relation": "located_in", "union_is_whole": "yes"}]
    assert ask(caries, [(1, FIRST)], "tooth").presence is Presence.UNKNOWN


def test_a_region_of_an_ancestor_is_ignored(ask):
    truth = ask([*LUNGS, {"value": 3, "label": "lung"}], [(3, FIRST)], "left lung")
    assert (truth.presence, truth.instances) == (Presence.UNKNOWN, ())
    assert [region.concept for region in truth.ignore] == ["lung"]


def test_an_ancestor_by_the_ontology_is_ignored_too(ask):
    ontology = known(Concept("tumor", Level.LESION), Concept("glioma", Level.LESION, is_a=("tumor",)))
    truth = ask([{"value": 1, "label": "tumor"}, {"value": 2, "label": "glioma"}], [(1, FIRST)], "glioma", ontology)
    assert [region.concept for region in truth.ignore] == ["tumor"]


def test_a_label_under_another_name_is_the_concept_of_the_ontology(ask):
    ontology = known(Concept("trachea", Level.ORGAN, synonyms=("windpipe",)))
    assert boxes(ask([{"value": 1, "label": "windpipe"}], [(1, FIRST)], "trachea", ontology)) == [(2, 3, 12, 9)]


def test_a_wider_concept_of_the_ontology_has_the_source_s_regions(ask):
    ontology = known(Concept("tumor", Level.LESION), Concept("glioma", Level.LESION, is_a=("tumor",)))
    truth = ask([{"value": 1, "label": "glioma"}], [(1, FIRST)], "tumor", ontology)
    assert (boxes(truth), truth.exhaustive) == ([(2, 3, 12, 9)], False)


def test_a_sibling_is_a_plain_negative(ask):
    truth = ask(LUNGS, [(1, FIRST)], "right lung")
    assert (truth.presence, truth.ignore) == (Presence.ABSENT_HARD, ())


def test_a_missing_label_is_absent_only_where_the_source_is_exhaustive(ask):
    assert ask([lung(1, "left lung")], [], "left lung").presence is Presence.ABSENT_HARD


def test_a_missing_label_of_a_source_with_gaps_is_unknown(ask):
    assert ask([lung(1, "left lung", exhaustive="no")], [], "left lung").presence is Presence.UNKNOWN


@pytest.mark.parametrize(("other", "presence"), [("yes", Presence.ABSENT_HARD), ("no", Presence.UNKNOWN)])
def test_a_parent_is_absent_only_where_all_its_children_are_exhaustive(ask, other, presence):
    truth = ask([lung(1, "left lung"), lung(2, "right lung", exhaustive=other)], [], "lung")
    assert (truth.presence, truth.exhaustive) == (presence, other == "yes")


def test_a_whole_is_absent_where_all_its_parts_are(ask):
    assert ask(HALVES, [], "hippocampus").presence is Presence.ABSENT_HARD


def test_a_wider_concept_that_the_source_does_not_speak_of_is_never_absent(ask):
    ontology = known(Concept("tumor", Level.LESION), Concept("glioma", Level.LESION, is_a=("tumor",)))
    assert ask([{"value": 1, "label": "glioma"}], [], "tumor", ontology).presence is Presence.UNKNOWN


def test_what_the_modality_cannot_show_is_easily_absent(ask):
    ontology = known(Concept("polyp", Level.LESION, modalities=frozenset({Modality.ES})))
    assert ask(LUNGS, [(1, FIRST)], "polyp", ontology).presence is Presence.ABSENT_EASY
    assert ask(LUNGS, [(1, FIRST)], "polyp", ontology, modality="ES").presence is Presence.UNKNOWN


def test_what_nobody_speaks_of_is_unknown(ask):
    assert ask(LUNGS, [(1, FIRST)], "liver").presence is Presence.UNKNOWN


def test_a_component_that_is_too_small_is_neither_there_nor_absent(ask):
    polyp = {"value": 1, "label": "polyp", "instances": "components"}
    truth = ask([polyp], [(1, np.s_[0:3, 0:5])], "polyp")
    assert (truth.presence, truth.instances, len(truth.ignore)) == (Presence.UNKNOWN, (), 1)


def test_vessels_are_scored_by_their_mask(ask):
    vessel = {"value": 1, "label": "retinal blood vessel", "instances": "mask_only"}
    assert ask([vessel], [(1, FIRST)], "retinal blood vessel").scored_as == "mask_only"
    assert ask(LUNGS, [(1, FIRST)], "lung").scored_as == "boxes"


def test_a_parent_in_an_older_table_is_left_undecided(tmp_path):
    columns = LABEL_COLUMNS[:5]
    made = PhantomFolder(tmp_path, [{"value": 1, "label": "left lung", "parent": "lung"}], columns=columns)
    made.add_labelmap("a", blocks((40, 30), (1, FIRST)))
    folder = GroundingFolder(tmp_path)
    (record,) = folder.records()
    truth = phrase_truth(folder, record, folder.regions(record), "lung", NOTHING_KNOWN)
    assert (truth.presence, len(truth.instances), len(truth.ignore)) == (Presence.UNKNOWN, 0, 1)


def test_instances_of_boxes_have_no_mask(tmp_path):
    made = PhantomFolder(tmp_path, [{"value": "cell", "label": "cell", "instances": "boxes"}])
    made.add_boxes("a", [("cell", 1, 2, 5, 6)])
    folder = GroundingFolder(tmp_path)
    (record,) = folder.records()
    truth = phrase_truth(folder, record, folder.regions(record), "cell", NOTHING_KNOWN)
    assert (boxes(truth), truth.mask) == ([(1, 2, 5, 6)], None)


def organ(name, *, exhaustive):
    fixed = (Level.ORGAN, None, None, False, InstanceRule.ONE)
    return LabelRule("made", name, name, *fixed, exhaustive, Mirror.FREE, Truth.EXPERT)


def test_two_labels_of_one_concept_must_both_be_exhaustive():
    ontology = known(Concept("trachea", Level.ORGAN, synonyms=("windpipe",)))
    rules = [organ("trachea", exhaustive=True), organ("windpipe", exhaustive=False)]
    assert SourceConcepts(rules[:1], ontology).is_exhaustive("trachea")
    assert not SourceConcepts(rules, ontology).is_exhaustive("trachea")


@pytest.mark.parametrize(
    ("source", "concept", "count"),
    [("jsrt", "lung", 2), ("openkbp", "heart", 0), ("wbc_jtsc", "white blood cell", 1), ("ph2", "skin lesion", 1)],
)
def test_real_parents_have_as_many_instances_as_children(folder_2d, source, concept, count):
    record = folder_2d.records("val", [source])[0]
    truth = phrase_truth(folder_2d, record, folder_2d.regions(record), concept, Ontology.default())
    assert len(truth.instances) == count


def test_a_real_hippocampus_is_its_two_halves(folder_3d):
    record = folder_3d.records("val", ["msd_hippocampus"])[0]
    regions = folder_3d.regions(record)
    truth = phrase_truth(folder_3d, record, regions, "hippocampus", Ontology.default())
    assert len(truth.instances) == 1
    assert truth.mask.area == sum(region.mask.area for region in regions)
