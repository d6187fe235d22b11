# SPDX-License-Identifier: Apache-2.0
"""Sentences with the denied names between brackets, by hand; names of things that are there stand between braces."""

from __future__ import annotations

import re

import pytest

from monai_medglip.phrases.negation_scope import negated_spans

SENTENCES = [
    "No [polyp].",
    "No [polyp] or [glioma].",
    "No [polyp], [glioma] or [nevus] is seen.",
    "Neither [polyp] nor [glioma].",
    "There is no evidence of any large, round, enhancing [glioma].",
    "{colon} is free of [polyps].",
    "[polyp]-free {colon}.",
    "[polyp] not seen.",
    "[polyp] and [glioma] are absent.",
    "[polyp], [nevus] and [glioma] are absent.",
    "[polyp] in the {colon} is not seen.",
    "Absent [gallbladder], normal {liver}.",
    "Missing [tooth 16] and [tooth 26].",
    "{heart} and {lungs} without evidence of [tumor].",
    "The study does not show a [polyp].",
    "{lungs}: no [tumor].",
    "No [glioma] in the {left lung} or the {liver}.",
    "No nodule in the {left lung}.",
    "No enlargement of the {heart}.",
    "No displaced {rib} fracture.",
    "No {lung} consolidation or [lung tumor].",
    "The {right upper lobe} mass is not seen.",
    "No [polyp] but a {glioma}.",
    "No [polyp]. {glioma} of the {brain}.",
    "No [polyp]; {glioma}.",
    "No [polyp]\n{Glioma} in the head",
    "- No [polyp]\n- {Glioma}",
    "No [polyp], {heart} is enlarged.",
    "No [polyp] and the {heart} is normal.",
    "No pneumothorax the {lungs} are clear.",
    "{heart} is normal and [polyp] is absent.",
    "Normal {heart}, [polyp] absent.",
    "{spleen} of normal size and [gallbladder] not seen.",
    "The {heart} is not enlarged.",
    "The lesion does not destroy the {mandible}.",
    "Cannot exclude a {polyp}.",
    "{polyp} cannot be excluded.",
    "{glioma} has not been excluded.",
    "No [glioma], {polyp} cannot be excluded.",
    "No new {glioma}.",
    "No change of the {glioma}.",
    "Not only a {polyp} but also a {glioma}.",
    "No lesion other than a {polyp}.",
    "{liver} is not well seen.",
    "{nodule} not seen on the prior study.",
    "A {polyp} without [ulcer].",
    "A 1.5 cm {polyp}, no [glioma].",
    "{polyp}",
    "",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_denial_reaches_what_it_denies_and_nothing_else(sentence: str) -> None:
    caption, spans, denied = "", [], []
    for part in re.split(r"(\[[^]]+\]|\{[^}]+\})", sentence):
        if part[:1] in ("[", "{"):
            spans.append((len(caption), len(caption) + len(part) - 2))
            denied.append(part[0] == "[")
            part = part[1:-1]
        caption += part
    assert negated_spans(caption, spans) == denied


def test_a_long_text_of_denials_is_read_to_its_end() -> None:
    caption = "no polyp " * 3000
    assert all(negated_spans(caption, [(i * 9 + 3, i * 9 + 8) for i in range(3000)]))
