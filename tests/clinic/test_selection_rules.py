# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import pytest

from monai_medglip.clinic import DEFAULT_RULES, SelectionRules, SeriesFacts
from monai_medglip.errors import ConfigurationError, PhraseError
from monai_medglip.imaging import Modality
from monai_medglip.inference import Bundle

CHEST_CT = SeriesFacts("1.2", Modality.CT, "chest", ("ORIGINAL", "PRIMARY", "AXIAL"), "Thorax axial", 60)
RULE = {"name": "one", "modality": "CT", "bundle": "volumes", "phrases": "heart"}


def text_of(**changes):
    row = {key: value for key, value in {**RULE, **changes}.items() if value is not None}
    return "version: 1\nrules:\n  - " + "\n    ".join(f"{key}: {value}" for key, value in row.items())


@pytest.fixture
def read(write_rules):
    return lambda **changes: SelectionRules.read(write_rules(text_of(**changes)))


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"modality": "MR"}, False),
        ({"body_region": "chest"}, True),
        ({"body_region": "head"}, False),
        ({"description": "[thorax, lung]"}, True),
        ({"description": "tho"}, False),
        ({"image_type": "axial"}, True),
        ({"image_type": "[primary, mpr]"}, False),
        ({"without_image_type": "[axial]"}, False),
        ({"least_images": 60, "most_images": 60}, True),
        ({"least_images": 61}, False),
        ({"most_images": 59}, False),
    ],
)
def test_a_rule_fits_when_all_its_conditions_hold(read, changes, fits):
    assert (read(**changes).choose(CHEST_CT) is not None) is fits


def test_an_unknown_body_region_fits_only_where_the_description_states_it(read):
    unknown = replace(CHEST_CT, body_region=None)
    assert read(body_region="chest").choose(unknown) is None
    assert read(body_region="chest", description="thorax").choose(unknown) is not None
    assert read(body_region="head", description="thorax").choose(CHEST_CT) is None


def test_localizers_and_our_own_results_are_never_chosen(read):
    assert read().choose(replace(CHEST_CT, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"))) is None
    assert read().choose(replace(CHEST_CT, is_result=True)) is None


def test_the_first_rule_that_fits_is_taken(write_rules):
    second = text_of(name="two").split("rules:\n")[1]
    rules = SelectionRules.read(write_rules(text_of(modality="MR") + "\n" + second))
    assert rules.choose(CHEST_CT).name == "two"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"modality": "CTX"}, "rule 1: .*CTX"),
        ({"modality": "UNKNOWN"}, "expected a known modality"),
        ({"body_region": "cheste"}, "expected a body region, one of .*; got 'cheste'"),
        ({"phrase": "heart"}, "got 'phrase', meant phrases?"),
        ({"bundle": None}, "expected the key 'bundle', it is missing"),
        ({"phrases": "[]"}, "expected phrases, or the word 'validated'"),
        ({"phrases": "no heart"}, "leave out the negation"),
        ({"phrases": "[1]"}, "expected a word or a list of words in 'phrases'"),
        ({"least_images": 0}, "expected a whole number from 1 in 'least_images'"),
        ({"least_images": 3, "most_images": 2}, "expected most_images of at least least_images"),
        ({"name": "''"}, "expected a word in 'name'"),
    ],
)
def test_a_wrong_rule_is_named_with_what_is_wrong(read, changes, message):
    with pytest.raises(ConfigurationError, match=message):
        read(**changes)


@pytest.mark.parametrize("text", ["", "rules: []", "version: 2\nrules: []", "version: 1\nrules: {}", "a: [", "- 1"])
def test_what_is_no_file_of_rules_is_refused_by_its_name(write_rules, text):
    with pytest.raises(ConfigurationError, match=r"rules\.yaml: expected"):
        SelectionRules.read(write_rules(text))


def test_two_rules_of_one_name_are_refused(write_rules):
    second = text_of().split("rules:\n")[1]
    with pytest.raises(ConfigurationError, match="got 'one' twice"):
        SelectionRules.read(write_rules(text_of() + "\n" + second))


def test_other_phrases_may_be_asked_for_one_run(read):
    asked = read().asking(["left lung", "Unicorn"]).rules[0].phrases
    assert [phrase.text for phrase in asked] == ["left lung", "Unicorn"]
    with pytest.raises(ConfigurationError, match="leave out the negation"):
        read().asking(["no mass"])
    with pytest.raises(PhraseError):
        read().asking([""])


def test_the_default_rules_ask_only_what_their_bundle_was_validated_for(repository):
    rules = SelectionRules.read(DEFAULT_RULES)
    assert rules.bundles == ("medglip_2d",)
    validated = Bundle(repository / "bundles" / "medglip_2d").validated_phrases
    for rule in rules.rules:
        for phrase in rule.phrases or ():
            assert validated.locates(phrase.text, rule.modality, rule.body_region), (rule.name, phrase.text)
