# SPDX-License-Identifier: Apache-2.0
"""The clauses of a text, beyond which no denial and no doubt reaches, and the spans of phrases inside them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

__all__ = ["Span", "clauses", "overlaps", "within"]

Span = tuple[int, int]

# A new line counts when it looks like a new entry of a list of findings.
_CLAUSE_END = re.compile(
    r"[.;:!?]+(?=\s|$)|\.(?=[A-Z][a-z])|\n(?=[ \t]*(?:[A-Z\d*•\n-]|$))"
    r"|\b(?:but|however|although|though|except|apart\s+from|aside\s+from|other\s+than|besides|yet|whereas|while|which"
    r"|because|since)\b"
)


def clauses(caption: str, spans: Sequence[Span]) -> Iterator[Span]:
    """Give the first character and one past the last of each clause; what ends one may not lie in a phrase."""
    start = 0
    for end in _CLAUSE_END.finditer(caption):
        if not overlaps(end.span(), spans):
            yield start, end.start()
            start = end.end()
    yield start, len(caption)


def within(spans: Sequence[Span], start: int, stop: int) -> Sequence[Span]:
    """The spans that lie between two characters; spans are in order and do not overlap."""
    first, last = bisect_left(spans, (start,)), bisect_left(spans, (stop,))
    return spans[first : last - 1] if last > first and spans[last - 1][1] > stop else spans[first:last]


def overlaps(span: Span, others: Sequence[Span]) -> bool:
    """Tell whether a span has a character in common with one of others, which are in order and do not overlap."""
    before = bisect_left(others, (span[1],))
    return before > 0 and others[before - 1][1] > span[0]
