# SPDX-License-Identifier: Apache-2.0
"""What may be said of a phrase in a clinic, from what a grounding says of it; the words of reports, not their form.

A clinic reads an answer as a claim. So a region is shown only of a phrase that was measured in these words, and
"not found" is said only where absence was measured too; what the answer is otherwise stands in `ClinicalAnswer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from monai_medglip.grounding import Grounding, Status, Support
from monai_medglip.phrases import Phrase

__all__ = ["NOTICE", "ClinicalAnswer", "clinical_answers", "shown_regions", "stated_miss_rate"]

NOTICE = "AI result, not for diagnosis"
"""What every object says of itself."""


class ClinicalAnswer(str, Enum):
    """The answer to one phrase, in the words of a report."""

    LOCATED = "located"
    """At least one region is shown."""
    NOT_FOUND = "not found"
    """Validated for absence: the report states how often such an answer misses what is there."""
    NOT_LOCATED = "not located; absence not validated"
    """Looked for without finding it, which says nothing of its absence."""
    NOT_EVALUATED = "not evaluated"
    """The phrase was not validated on such images, whatever the network says of it."""
    NOT_APPLICABLE = "not applicable"
    """This modality or body region cannot show it."""
    NEGATED = "negated by the phrase, not evaluated"
    """The phrase itself says that it is absent; nothing was looked for."""


def clinical_answers(grounding: Grounding) -> tuple[ClinicalAnswer, ...]:
    """Give the answer to each of the P phrases."""
    return tuple(_answer(status, support) for status, support in zip(grounding.status, grounding.support, strict=True))


def shown_regions(grounding: Grounding) -> Grounding:
    """Keep the regions of the phrases whose answer is `ClinicalAnswer.LOCATED`; the phrases all stay."""
    located = [answer is ClinicalAnswer.LOCATED for answer in clinical_answers(grounding)]
    return grounding[[located[index] for index in grounding.phrase_index]]


def stated_miss_rate(phrase: Phrase, answer: ClinicalAnswer, miss_rates: Mapping[str, float]) -> float | None:
    """Give how often an answer of "not found" misses what is there, [0, 1]; None where there is nothing to state.

    Args:
        phrase: what was asked.
        answer: the answer to it.
        miss_rates: by the phrase's concept.
    """
    return miss_rates.get(phrase.concept or phrase.text) if answer is ClinicalAnswer.NOT_FOUND else None


def _answer(status: Status, support: Support) -> ClinicalAnswer:
    if status is Status.NEGATED:
        return ClinicalAnswer.NEGATED
    if status is Status.NOT_APPLICABLE:
        return ClinicalAnswer.NOT_APPLICABLE
    if support is not Support.VALIDATED:
        return ClinicalAnswer.NOT_EVALUATED
    answers = {Status.FOUND: ClinicalAnswer.LOCATED, Status.ABSENT: ClinicalAnswer.NOT_FOUND}
    return answers.get(status, ClinicalAnswer.NOT_LOCATED)
