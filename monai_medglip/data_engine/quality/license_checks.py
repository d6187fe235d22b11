# SPDX-License-Identifier: Apache-2.0
"""Sources without known terms, and terms that no one collection can meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import combinations

from monai_medglip.data_engine.quality.finding import Finding, Stage

__all__ = ["check_licenses"]

MISSING, INCOMPATIBLE = "missing license", "licenses cannot be combined"


class _Term(Enum):
    """Conditions of Creative Commons licenses that decide whether works can be joined, and others that say the same."""

    SHARE_ALIKE = "SA"
    NON_COMMERCIAL = "NC"
    NO_DERIVATIVES = "ND"


def check_licenses(licenses: Mapping[str, str | None]) -> Iterator[Finding]:
    """Give the sources without terms, those that allow no derivative, and pairs of share-alike terms that differ.

    It reads the words of Creative Commons licenses alone and is no legal advice.

    Args:
        licenses: terms in words by source; None or "" where none are known.
    """
    for source, text in licenses.items():
        if not text or text.lower().startswith(("none", "not established", "unknown")):
            yield Finding(Stage.LICENSES, MISSING, source, None, f"no license is known: {text or 'nothing is said'}")
        elif _Term.NO_DERIVATIVES in _terms(text):
            reason = f"{text}: a data set made of it, and perhaps weights, are derivatives"
            yield Finding(Stage.LICENSES, INCOMPATIBLE, source, None, reason)
    sharing = [(source, _terms(text)) for source, text in licenses.items() if text]
    sharing = [(source, terms) for source, terms in sharing if _Term.SHARE_ALIKE in terms]
    for (one, terms), (other, others) in combinations(sharing, 2):
        if terms != others:
            reason = f"{licenses[other]} and {licenses[one]} of {one} each ask for their own terms"
            yield Finding(Stage.LICENSES, INCOMPATIBLE, other, None, reason)


def _terms(text: str) -> frozenset[_Term]:
    words = text.upper().replace(" ", "-").split("-")
    return frozenset(term for term in _Term if term.value in words and ("CC" in words or "BY" in words))
