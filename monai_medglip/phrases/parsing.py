# SPDX-License-Identifier: Apache-2.0
"""From one typed phrase to its concept, side and negation; sentences with several phrases are for `caption`."""

from __future__ import annotations

from monai_medglip.errors import PhraseError
from monai_medglip.ontology.hierarchy import Ontology
from monai_medglip.phrases.laterality import phrase_side
from monai_medglip.phrases.negation import strip_negation
from monai_medglip.phrases.phrase import Phrase

__all__ = ["MAX_PHRASE_LENGTH", "parse_phrase"]

MAX_PHRASE_LENGTH = 512
"""Characters; far more than any name, and what a text encoder reads without cutting."""


def parse_phrase(text: str, ontology: Ontology | None = None) -> Phrase:
    """Give a phrase with its concept, side and negation.

    Args:
        text: what the user typed, at most `MAX_PHRASE_LENGTH` characters.
        ontology: to look the concept up in; None: the package's own.

    Returns:
        The phrase. A text that the ontology does not know has no concept and can still be asked.

    Raises:
        PhraseError: when the text is empty, too long, or has neither a letter nor a digit.

    Example:
        >>> parse_phrase("no evidence of polyps")
        Phrase(text='no evidence of polyps', concept='polyp', side=<Side.NONE: 'none'>, negated=True, span=None)
    """
    words = _checked(text)
    ontology = ontology or Ontology.default()
    concept, negated = ontology.resolve(words), False
    if concept is None:
        rest, negated = strip_negation(words)
        concept = ontology.resolve(rest)
    return Phrase(
        text=words,
        concept=concept.name if concept else None,
        side=phrase_side(words, concept),
        negated=negated,
    )


def _checked(text: str) -> str:
    if not isinstance(text, str):
        raise PhraseError(f"a phrase must be a text, got {type(text).__name__}; give for example 'left lung'")
    words = text.strip()
    if not words:
        raise PhraseError("a phrase must hold a word, got an empty text; give for example 'left lung'")
    if len(words) > MAX_PHRASE_LENGTH:
        raise PhraseError(
            f"a phrase must have at most {MAX_PHRASE_LENGTH} characters, got {len(words)}; "
            "ask for one thing, or give a sentence as caption"
        )
    if not any(character.isalnum() for character in words):
        raise PhraseError(f"a phrase must hold a letter or a digit, got {words!r}; give for example 'left lung'")
    return words
