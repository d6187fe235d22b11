# SPDX-License-Identifier: Apache-2.0
"""Phrases and answers as coded concepts: SNOMED CT where the ontology has a code, else the project's own scheme."""

from __future__ import annotations

import hashlib

from highdicom.sr import CodedConcept, FindingSite
from pydicom.sr.codedict import codes

from monai_medglip.dicom.clinical_answer import ClinicalAnswer
from monai_medglip.ontology import Ontology, Side
from monai_medglip.phrases import Phrase

__all__ = ["ANSWER", "SCHEME", "SCORE", "answer_concept", "finding_concept", "phrase_concept", "phrase_site"]

SCHEME = "99MEDGLIP"
"""The private coding scheme (PS3.16, 8: private schemes begin with 99)."""
SCORE = CodedConcept("SCORE", SCHEME, "Detection score")
ANSWER = CodedConcept("ANSWER", SCHEME, "Answer to the phrase")

_MEANING = 64  # characters of a code meaning
_ANSWER_CODES = {answer: answer.name.replace("_", "-") for answer in ClinicalAnswer}


def phrase_concept(phrase: Phrase) -> CodedConcept:
    """Give the words as typed, cut to the 64 characters that a meaning may have; the code stands for all of them."""
    return CodedConcept(
        "P-" + hashlib.sha256(phrase.text.encode()).hexdigest()[:12].upper(), SCHEME, phrase.text[:_MEANING]
    )


def finding_concept(phrase: Phrase, ontology: Ontology) -> CodedConcept:
    """Give the public code of what a phrase means, or the phrase's own where the ontology has none."""
    if phrase.concept is None or phrase.concept not in ontology or not ontology[phrase.concept].codes:
        return phrase_concept(phrase)
    code = ontology[phrase.concept].codes[0]
    return CodedConcept(code.value, code.scheme, code.meaning)


def phrase_site(phrase: Phrase) -> FindingSite:
    """Give the phrase as a finding site, which viewers show beside the region."""
    sides = {Side.LEFT: codes.SCT.Left, Side.RIGHT: codes.SCT.Right, Side.BOTH: codes.SCT.Bilateral}
    return FindingSite(anatomic_location=phrase_concept(phrase), laterality=sides.get(phrase.side))


def answer_concept(answer: ClinicalAnswer) -> CodedConcept:
    """Give an answer as a coded concept."""
    return CodedConcept(_ANSWER_CODES[answer], SCHEME, answer.value)
