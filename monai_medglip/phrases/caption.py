# SPDX-License-Identifier: Apache-2.0
"""The phrases of a sentence: which words name concepts and where they stand; what is denied is `negation`'s matter."""

from __future__ import annotations

import re

from monai_medglip.ontology.concept import Concept
from monai_medglip.ontology.hierarchy import Ontology
from monai_medglip.ontology.name_forms import TOKEN, join_key, token_key
from monai_medglip.phrases.laterality import phrase_side
from monai_medglip.phrases.negation_scope import negated_spans
from monai_medglip.phrases.phrase import Phrase

__all__ = ["find_phrases"]

# Words of one name are parted by spaces and hyphens alone; a comma or a slash parts two names.
_INSIDE_A_NAME = re.compile(r"[\s\-‐‑–]*")

# Words that a side and its articles add to a name: "on the right hand side of the".
_SIDE_WORDS = 7

_SIDES = ("left", "right", "both", "bilateral")
_ON_ONE_SIDE = (["on", "left"], ["on", "right"])
_PREPOSITIONS = frozenset(("on", "at", "in", "of", "from"))


def find_phrases(caption: str, ontology: Ontology | None = None) -> list[Phrase]:
    """Give the concepts that a caption or a report sentence names, in its order.

    The longest name wins at each place, names do not overlap, and words of a side next to a name belong to it.
    "Left and right lungs", "both lungs" and "bilateral lungs" are one phrase: the lung, `Side.BOTH`. Words that the
    ontology does not know are passed over.

    Args:
        caption: the text, of any length.
        ontology: to look the concepts up in; None: the package's own.

    Returns:
        Phrases with `span`; ``caption[start:end]`` is the phrase's text.

    Example:
        >>> [(p.concept, p.span, p.negated) for p in find_phrases("Clear left lung, no glioma.")]
        [('left lung', (6, 15), False), ('glioma', (20, 26), True)]
    """
    ontology = ontology or Ontology.default()
    found = _named(caption, ontology)
    spans = [span for span, _ in found]
    return [
        Phrase(
            text=caption[start:end],
            concept=concept.name,
            side=phrase_side(caption[start:end], concept),
            negated=negated,
            span=(start, end),
        )
        for ((start, end), concept), negated in zip(found, negated_spans(caption, spans), strict=True)
    ]


def _named(caption: str, ontology: Ontology) -> list[tuple[tuple[int, int], Concept]]:
    """The names in a caption, longest first at each place, with their characters."""
    words = list(TOKEN.finditer(caption))
    keys = [token_key(word.group()) for word in words]
    limit = ontology.longest_name + _SIDE_WORDS
    found: list[tuple[tuple[int, int], Concept]] = []
    first = 0
    while first < len(words):
        stop = _end_of_run(caption, words, first, limit)
        while stop > first and (concept := _concept(keys[first:stop], ontology)) is None:
            stop -= 1
        if stop > first and concept is not None:
            found.append(((words[first].start(), words[stop - 1].end()), concept))
        first = max(stop, first + 1)
    return found


def _end_of_run(caption: str, words: list[re.Match[str]], first: int, limit: int) -> int:
    """One past the last word that could belong to a name that begins with the first."""
    stop = first + 1
    while stop < min(len(words), first + limit):
        if not _INSIDE_A_NAME.fullmatch(caption, words[stop - 1].end(), words[stop].start()):
            break
        stop += 1
    return stop


def _concept(keys: list[str], ontology: Ontology) -> Concept | None:
    """The concept of some words in a row, unless a word at an end belongs to the sentence and not to the name."""
    if not keys[0] or not keys[-1] or keys[0] in _PREPOSITIONS:
        return None
    said = [key for key in keys if key]
    if len(said) > 1 and said[-1] in _SIDES and said[-2:] not in _ON_ONE_SIDE:
        return None  # "the lung left of the heart" is not the left lung
    return ontology.resolve_key(join_key(said))
