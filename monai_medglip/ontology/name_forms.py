# SPDX-License-Identifier: Apache-2.0
"""The forms in which one name is typed: spelling, number and side words; not which concept a name belongs to.

A *key* is what all spellings of a name have in common. Keys are compared, never shown.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from monai_medglip.ontology.concept import Side

__all__ = ["TOKEN", "join_key", "name_key", "side_forms", "split_side", "token_key"]

TOKEN = re.compile(r"[^\W_]+(?:['’][sS]\b)?")
"""One word of a text: letters and digits, with an English possessive."""

_DETERMINERS = frozenset(("a", "an", "the", "any", "all", "each", "every", "some"))

_WORDS = {
    **{word: f"{number}{suffix}" for number, (word, suffix) in enumerate(
        (
            ("first", "st"), ("second", "nd"), ("third", "rd"), ("fourth", "th"), ("fifth", "th"), ("sixth", "th"),
            ("seventh", "th"), ("eighth", "th"), ("ninth", "th"), ("tenth", "th"), ("eleventh", "th"),
            ("twelfth", "th"),
        ),
        start=1,
    )},
    "lt": "left", "rt": "right",
    "teeth": "tooth", "feet": "foot", "larynges": "larynx",
    "centre": "center", "fibre": "fiber", "grey": "gray", "disk": "disc", "leucocyte": "leukocyte",
}  # fmt: skip
"""Words whose key no rule gives: ordinals as numerals, irregular plurals, British spelling."""

# Plural endings and what they become; the first that fits a word of more than four letters is used.
_PLURALS = (("omata", "oma"), ("ae", "a"), ("ies", "y"), ("ses", "sis"), ("ices", "ix"), ("i", "us"))
_SINGULAR_IN_S = ("ss", "us", "is")

_LEVEL_AND_NUMBER = re.compile(r"\b([ctls]) (\d{1,2})\b")
_SIDE_WORDS = re.compile(
    r"(?:\b(?:on|at|in|of) )?\b(left and right|right and left|left|right|both|bilateral)\b(?: (?:hand )?sided?\b)?"
)
_SIDES = {"left": Side.LEFT, "right": Side.RIGHT}


@lru_cache(maxsize=8192)
def token_key(word: str) -> str:
    """Give the key of one word, the same for British and American spelling, singular and plural.

    Args:
        word: one match of `TOKEN`.

    Returns:
        The key; empty for an article or another determiner, which no name depends on.

    Example:
        >>> token_key("Tumours"), token_key("nuclei"), token_key("the")
        ('tumor', 'nucleus', '')
    """
    word = unicodedata.normalize("NFKC", word).casefold().split("'")[0].split("’")[0]
    if word in _DETERMINERS:
        return ""
    word = _WORDS.get(word) or _singular(word)
    word = _WORDS.get(word, word)
    if len(word) > 4 and word.endswith("our"):
        word = word[:-3] + "or"
    return word.replace("ae", "e").replace("oe", "e")


def join_key(tokens: list[str]) -> str:
    """Give the key of a name from the keys of its words, in order."""
    return _LEVEL_AND_NUMBER.sub(r"\1\2", " ".join(token for token in tokens if token))


def name_key(text: str) -> str:
    """Give the key of a name: the same for all its spellings.

    Case, spaces, hyphens, punctuation, articles, number, British and American spelling make no difference.

    Example:
        >>> name_key("The Oesophagus") == name_key("esophagus")
        True
    """
    return join_key([token_key(word) for word in TOKEN.findall(text)])


def split_side(key: str) -> tuple[Side, str]:
    """Take the side words out of a key.

    Args:
        key: of `name_key`.

    Returns:
        The side that the words tell, and the key without them. Left and right apart from each other (``left lung and
        right lung``) are both sides of more than one thing: the key then comes back whole.

    Example:
        >>> split_side("lung on left side")
        (<Side.LEFT: 'left'>, 'lung')
    """
    found = list(_SIDE_WORDS.finditer(key))
    if not found:
        return Side.NONE, key
    sides = {_SIDES.get(match.group(1), Side.BOTH) for match in found}
    if len(sides) > 1:
        return Side.BOTH, key
    rest = " ".join(_SIDE_WORDS.sub(" ", key).split())
    return sides.pop(), rest


def side_forms(name: str, side: Side) -> tuple[str, ...]:
    """Give the ways to say that a thing is the one on a side, the plainest first.

    Args:
        name: of the thing without its side, in the singular.
        side: left or right.

    Example:
        >>> side_forms("lung", Side.LEFT)
        ('left lung', 'lung on the left side', 'left-sided lung', 'lung on the left')
    """
    word = side.value
    return f"{word} {name}", f"{name} on the {word} side", f"{word}-sided {name}", f"{name} on the {word}"


def _singular(word: str) -> str:
    """The singular of an English or Latin plural; the same for plural and singular is all that matters."""
    if len(word) > 4:
        for ending, singular in _PLURALS:
            if word.endswith(ending):
                return word[: -len(ending)] + singular
    if len(word) > 3 and word.endswith("s") and not word.endswith(_SINGULAR_IN_S):
        return word[:-1]
    return word
