# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.phrases.negation import strip_negation


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("no tumor", "tumor"),
        ("No evidence of a tumor", "tumor"),
        ("no sign of tumor", "tumor"),
        ("without any tumor", "tumor"),
        ("absence of tumor", "tumor"),
        ("tumor absent", "tumor"),
        ("tumor isn't visible", "tumor"),
        ("tumor has not been identified.", "tumor"),
        ("tumor ruled out", "tumor"),
        ("tumor has resolved", "tumor"),
        ("tumor free", "tumor"),
        ("does not show a tumor", "tumor"),
        ("missing tooth 16", "tooth 16"),
    ],
)
def test_a_denial_comes_off_its_thing(text: str, thing: str) -> None:
    assert strip_negation(text) == (thing, True)


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("tumor", "tumor"),
        ("cannot exclude tumor", "tumor"),
        ("can't rule out a tumor", "tumor"),
        ("no evidence to rule out tumor", "tumor"),
        ("tumor could not be excluded", "tumor"),
        ("tumor is not excluded", "tumor"),
        ("tumor not well seen", "tumor"),
        ("no increase in tumor", "tumor"),
        ("not only tumor", "tumor"),
        ("evidence of tumor", "tumor"),
        ("tumor is present", "tumor"),
        ("nodule", "nodule"),
        ("nonenhancing tumor", "nonenhancing tumor"),
        ("notochord", "notochord"),
    ],
)
def test_a_doubt_or_an_affirmation_denies_nothing(text: str, thing: str) -> None:
    assert strip_negation(text) == (thing, False)


def test_a_negation_alone_stays_as_it_is() -> None:
    assert strip_negation("no") == ("no", False)


def test_two_denials_cancel() -> None:
    assert strip_negation("no absent tumor") == ("tumor", False)
