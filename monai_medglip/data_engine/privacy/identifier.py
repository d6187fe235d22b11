# SPDX-License-Identifier: Apache-2.0
"""A word that must not be found in an output, with the ways in which it may be spelled there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["SHORTEST", "Identifier", "spellings_of_date"]

SHORTEST = 4
"""Characters under which a word is found everywhere by chance, and is not looked for."""

_FOUND_ANYWHERE = 8
"""Characters from which a word is looked for inside of longer ones too."""


@dataclass(frozen=True)
class Identifier:
    """One word.

    Args:
        text: the word, such as a name, a number or a date.
        kind: what it is, such as the keyword of a DICOM attribute.
    """

    text: str
    kind: str

    @property
    def hint(self) -> str:
        """What it is without the word itself, for a report that others may see.

        Example:
            >>> Identifier("Jane Doe", "PatientName").hint
            'PatientName J... (8 characters)'
        """
        return f"{self.kind} {self.text[:1]}... ({len(self.text)} characters)"

    @property
    def is_long_enough(self) -> bool:
        """Whether it can be looked for."""
        return len(self.text) >= SHORTEST

    def count_in(self, folded: str) -> int:
        """Count it in a text that was case-folded; a short word counts only where no letter or digit touches it."""
        word = self.text.casefold()
        if word not in folded:
            return 0
        if len(word) >= _FOUND_ANYWHERE:
            return folded.count(word)
        return len(re.findall(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", folded))


def spellings_of_date(date: str) -> Iterable[str]:
    """Give the usual ways to write a date that DICOM writes as YYYYMMDD.

    Example:
        >>> list(spellings_of_date("19560312"))[:3]
        ['19560312', '1956-03-12', '1956/03/12']
    """
    yield date
    if re.fullmatch(r"\d{8}", date):
        year, month, day = date[:4], date[4:6], date[6:]
        yield from (f"{year}{sign}{month}{sign}{day}" for sign in "-/.")
        yield from (f"{day}{sign}{month}{sign}{year}" for sign in "-/.")
        yield f"{month}/{day}/{year}"
