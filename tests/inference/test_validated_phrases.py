# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging import Modality
from monai_medglip.inference import ValidatedPhrases
from tests.inference.conftest import validated

LISTS = ValidatedPhrases(
    location=(validated("left lung", "XR", "chest"), validated("polyp", "ES")),
    absence=(validated("polyp", "ES"),),
    data="val of somewhere",
)


def test_they_come_back_as_they_were_written(tmp_path):
    LISTS.write(tmp_path / "phrases.json")
    assert ValidatedPhrases.read(tmp_path / "phrases.json") == LISTS


@pytest.mark.parametrize(
    ("phrase", "modality", "region", "known"),
    [
        ("left lung", Modality.XR, "chest", True),
        ("left lung", Modality.XR, None, True),  # where the image does not tell, nothing speaks against it
        ("left lung", Modality.XR, "head", False),
        ("left lung", Modality.CT, "chest", False),
        ("left lung", Modality.UNKNOWN, "chest", False),
        ("right lung", Modality.XR, "chest", False),
        ("polyp", Modality.ES, "colon", True),  # validated without a region
    ],
)
def test_a_phrase_is_validated_for_its_kind_of_image(phrase, modality, region, known):
    assert LISTS.locates(phrase, modality, region) is known


def test_finding_and_denying_are_validated_apart():
    assert LISTS.denies("polyp", Modality.ES)
    assert not LISTS.denies("left lung", Modality.XR, "chest")


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "[]",
        "{}",
        json.dumps({"data": "", "location": [{"phrase": "polyp"}], "absence": []}),
        json.dumps({"data": "", "location": 3, "absence": []}),
        json.dumps({"data": "", "location": ["polyp"], "absence": []}),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "phrases.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"expected a list of validated phrases .*phrases\.json"):
        ValidatedPhrases.read(tmp_path / "phrases.json")
