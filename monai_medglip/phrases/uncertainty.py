# SPDX-License-Identifier: Apache-2.0
"""Words that leave open whether a thing is there, and which phrases of a sentence they reach.

After the ideas of NegBio and the CheXpert labeler. "Cannot exclude" leaves a thing open; "no" in front of it denies it
and is `negation`'s matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from monai_medglip.phrases.clauses import Span, clauses, overlaps, within

__all__ = ["uncertain_spans"]

_NOT_EXCLUDED = (
    r"(?:cannot|can\s+not|can['’]t|could\s+not|(?:do|does|did|is|are|was|were)\s+not|not)\s+"
    r"(?:be\s+)?(?:\w+ly\s+)?(?:be\s+)?(?:excluded?|ruled?\s+out)"
)
_BEFORE = re.compile(
    r"\b(?:"
    rf"{_NOT_EXCLUDED}"
    r"|(?:may|might|could|would)\s+(?:\w+ly\s+)?(?:be|represent|reflect|indicate|suggest|relate\s+to|be\s+due\s+to)"
    r"|possib(?:le|ly|ility\s+of)|probabl[ey]|likely|presumed(?:ly)?|perhaps|maybe|suspected|questionable|equivocal"
    r"|suspicious\s+for|suspicion\s+(?:of|for)|concern(?:ing)?\s+for|worrisome\s+for|compatible\s+with"
    r"|suggest(?:s|ing|ive\s+of|ion\s+of)|differential|versus|vs\.?|raises?\s+(?:the\s+)?(?:possibility|question)\s+of"
    r"|(?:appears?|seems?)\s+to\s+(?:be|represent)|rule\s+out|evaluate\s+for|indeterminate"
    r")(?!\w)",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\b(?:"
    rf"{_NOT_EXCLUDED}"
    r"|(?:is|are|was|were)\s+(?:also\s+)?(?:possible|probable|likely|suspected|questioned|questionable|considered"
    r"|not\s+excluded)"
    r"|(?:is|are)\s+in\s+the\s+differential"
    r"|versus|vs\.?"
    r")(?!\w)|(?<=\w)\s*\?",
    re.IGNORECASE,
)
_MAX_WORDS_BETWEEN = 6
_ENDS_REACH = re.compile(r"\b(?:with|without|and\s+the|no)\b|,\s*(?:and\s+)?(?:the|there)\b", re.IGNORECASE)


def uncertain_spans(caption: str, spans: Sequence[Span]) -> list[bool]:
    """Tell which phrases of a caption are left open.

    Args:
        caption: the text.
        spans: of the phrases, in order, without overlap.

    Returns:
        One bool per span.

    Example:
        >>> uncertain_spans("possible polyp", [(9, 14)])
        [True]
    """
    open_spans: set[Span] = set()
    for start, stop in clauses(caption, spans):
        # The mark that ended the clause belongs to it: "nodule?".
        end = min(stop + 1, len(caption))
        inside = within(spans, start, stop)
        for cue in _BEFORE.finditer(caption, start, stop):
            if not overlaps(cue.span(), inside):
                open_spans.update(_reached_after(caption, cue.end(), within(inside, cue.end(), stop)))
        for cue in _AFTER.finditer(caption, start, end):
            if not overlaps(cue.span(), inside):
                open_spans.update(_reached_before(caption, cue.start(), within(inside, start, cue.start())))
    return [span in open_spans for span in spans]


def _reached_after(caption: str, cursor: int, spans: Sequence[Span]) -> list[Span]:
    reached: list[Span] = []
    for start, stop in spans:
        gap = caption[cursor:start]
        if len(gap.split()) > _MAX_WORDS_BETWEEN or _ENDS_REACH.search(gap):
            break
        reached.append((start, stop))
        cursor = stop
    return reached


def _reached_before(caption: str, cursor: int, spans: Sequence[Span]) -> list[Span]:
    reached: list[Span] = []
    for start, stop in reversed(spans):
        gap = caption[stop:cursor]
        if len(gap.split()) > _MAX_WORDS_BETWEEN or _ENDS_REACH.search(gap):
            break
        reached.append((start, stop))
        cursor = start
    return reached
