# SPDX-License-Identifier: Apache-2.0
"""A phrase as it is asked, with what was understood of it; not how it is understood (`parsing`)."""

from __future__ import annotations

from dataclasses import dataclass

from monai_medglip.ontology.concept import Side

__all__ = ["Phrase"]


@dataclass(frozen=True)
class Phrase:
    """Words that name a thing to be found in an image.

    Attributes:
        text: the words as typed.
        concept: the name of the concept that they mean, None when the ontology does not know them.
        side: of the patient, told by the words or by the concept.
        negated: the words say that the thing is not there.
        span: first character and one past the last in the caption that the phrase was found in.
    """

    text: str
    concept: str | None = None
    side: Side = Side.NONE
    negated: bool = False
    span: tuple[int, int] | None = None
