# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import collections
import dataclasses

import numpy as np
import pytest

from monai_medglip.data_engine import LoadGroundingd, SamplePhrasesd, grounding_items
from monai_medglip.data_engine.source_concepts import Presence
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology import Concept, Level, Ontology, Side
from tests.phantoms import PhantomFolder, blocks

PAIR = [
    {"value": 1, "label": "left lung", "parent": "lung", "relation": "is_a", "mirror": "swap"},
    {"value": 2, "label": "right lung", "parent": "lung", "relation": "is_a", "mirror": "swap"},
    {"value": 3, "label": "nodule", "exhaustive": "no"},
]
ONTOLOGY = Ontology(
    {
        concept.name: concept
        for concept in (
            Concept("lung", Level.ORGAN, synonyms=("lung field",)),
            Concept("left lung", Level.ORGAN, is_a=("lung",), side=Side.LEFT, mirror_of="right lung"),
            Concept("right lung", Level.ORGAN, is_a=("lung",), side=Side.RIGHT, mirror_of="left lung"),
            Concept("nodule", Level.LESION, synonyms=("lump",), held_out_names=("coin lesion",)),
        )
    },
    {},
)


@pytest.fixture
def item(tmp_path):
    made = PhantomFolder(tmp_path, PAIR)
    made.add_labelmap("a", blocks((40, 30), (1, np.s_[2:12, 3:9])))
    return LoadGroundingd(tmp_path)(grounding_items(tmp_path)[0])


@pytest.fixture(scope="module")
def loaded_2d(folder_2d):
    load = LoadGroundingd(folder_2d)
    return [load(grounding_items(folder_2d, "val", [source])[0]) for source in folder_2d.sources]


def asked(item, times=60, **settings):
    sample = SamplePhrasesd(item["record"].image.parent.parent, ontology=ONTOLOGY, **settings)
    sample.set_random_state(3)
    return collections.Counter(
        (phrase.concept, truth.presence)
        for _ in range(times)
        for drawn in [sample(item)]
        for phrase, truth in zip(drawn["phrases"], drawn["concept_truths"], strict=True)
    )


def test_what_is_there_and_what_is_missing_is_asked_and_the_unknown_never(item):
    assert set(asked(item)) == {
        ("left lung", Presence.PRESENT),
        ("lung", Presence.PRESENT),
        ("right lung", Presence.ABSENT_HARD),
    }


def test_labels_are_always_asked_and_parents_sometimes(item):
    counts = asked(item, times=400, parent_probability=0.25)
    assert counts["left lung", Presence.PRESENT] == 400
    assert 70 < counts["lung", Presence.PRESENT] < 130


def test_withheld_concepts_are_not_asked_but_their_parents_are(item):
    names = {concept for concept, _ in asked(item, withheld_concepts=["left lung"])}
    assert names == {"lung", "right lung"}


def test_a_mirrored_table_is_asked_by_its_new_names(item):
    row = item["region_table"][0]
    mirrored = {**item, "region_table": [dataclasses.replace(row, concept="right lung")], "mirrored": True}
    assert ("right lung", Presence.PRESENT) in asked(mirrored)
    assert ("left lung", Presence.ABSENT_HARD) in asked(mirrored)


def test_a_phrase_carries_the_side_of_its_concept(item):
    sample = SamplePhrasesd(item["record"].image.parent.parent, ontology=ONTOLOGY)
    sides = {phrase.concept: phrase.side for phrase in sample(item)["phrases"]}
    assert (sides["left lung"], sides["right lung"]) == (Side.LEFT, Side.RIGHT)


def test_a_seed_settles_what_is_drawn(loaded_2d, folder_2d):
    texts = []
    for _ in range(2):
        sample = SamplePhrasesd(folder_2d).set_random_state(11)
        texts.append([phrase.text for item in loaded_2d for phrase in sample(item)["phrases"]])
    assert texts[0] == texts[1]


def test_real_images_are_asked_ten_phrases_and_nothing_unknown(loaded_2d, folder_2d):
    sample = SamplePhrasesd(folder_2d).set_random_state(5)
    for item in loaded_2d:
        drawn = sample(item)
        assert len(drawn["phrases"]) == len({phrase.concept for phrase in drawn["phrases"]}) == 10
        assert Presence.UNKNOWN not in {truth.presence for truth in drawn["concept_truths"]}
        assert any(truth.presence.is_absent for truth in drawn["concept_truths"])


def test_easy_phrases_are_those_the_ontology_rules_out(loaded_2d, folder_2d):
    sample, ontology = SamplePhrasesd(folder_2d).set_random_state(5), Ontology.default()
    for item in loaded_2d:
        record, drawn = item["record"], sample(item)
        for phrase, truth in zip(drawn["phrases"], drawn["concept_truths"], strict=True):
            if truth.presence is Presence.ABSENT_EASY:
                assert not ontology.can_show(phrase.concept, record.modality, record.body_region)


def test_many_teeth_do_not_drown_the_other_easy_phrases(folder_2d):
    sample = SamplePhrasesd(folder_2d).set_random_state(5)
    item = LoadGroundingd(folder_2d)(grounding_items(folder_2d, "val", ["kvasir_seg"])[0])
    drawn = collections.Counter(phrase.concept for _ in range(200) for phrase in sample(item)["phrases"])
    assert sum(drawn[name] for name in drawn if "molar" in name or "canine" in name) < drawn["fetal head"] * 4


def test_half_of_the_names_are_the_concept_s_own(folder_2d):
    item = LoadGroundingd(folder_2d)(grounding_items(folder_2d, "val", ["kvasir_seg"])[0])
    sample = SamplePhrasesd(folder_2d, count=1).set_random_state(5)
    texts = [next(iter(sample(item)["phrases"])).text for _ in range(400)]
    assert texts.count("polyp") in range(150, 250)


def test_names_held_out_of_training_are_never_used(loaded_2d, folder_2d):
    sample, ontology = SamplePhrasesd(folder_2d, canonical_probability=0).set_random_state(5), Ontology.default()
    phrases = [phrase for _ in range(20) for item in loaded_2d for phrase in sample(item)["phrases"]]
    assert not [phrase for phrase in phrases if phrase.text in ontology.names(phrase.concept, held_out=True)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"count": 0}, "at least one phrase"),
        ({"canonical_probability": 1.5}, r"a probability in \[0, 1\], got 1.5"),
        ({"withheld_concepts": ["spleen"]}, "it has no spleen"),
    ],
)
def test_settings_out_of_range_are_refused(item, settings, message):
    with pytest.raises(ConfigurationError, match=message):
        SamplePhrasesd(item["record"].image.parent.parent, ontology=ONTOLOGY, **settings)


def test_an_ultrasound_is_never_asked_for_what_only_it_could_hold(folder_2d):
    sample = SamplePhrasesd(folder_2d).set_random_state(5)
    normal = [item for item in grounding_items(folder_2d, None, ["busi"]) if item["record"].id.startswith("normal")]
    drawn = sample(LoadGroundingd(folder_2d)(normal[0]))
    presences = {p.concept: t.presence for p, t in zip(drawn["phrases"], drawn["concept_truths"], strict=True)}
    assert presences["benign breast tumor"] is Presence.ABSENT_HARD
    assert normal[0]["record"].modality is Modality.US
