# SPDX-License-Identifier: Apache-2.0
"""How far a negation reaches in a sentence: which of its phrases are denied, which only stand beside the denial."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from monai_medglip.phrases.clauses import Span, clauses, overlaps, within
from monai_medglip.phrases.negation import EVIDENCE_OF, NEGATION_AFTER, NEGATION_BEFORE, SEEN

__all__ = ["negated_spans"]

_LOCATION = (
    r"(?:in|within|inside|at|along|near|around|adjacent\s+to|next\s+to|beside|over|throughout|on|above|below|beneath"
    r"|behind|between|from|into|of)"
)
_PLACE = re.compile(rf"\b{_LOCATION}\b", re.IGNORECASE)
_OF = re.compile(r"\b(?:of|for|to)\b", re.IGNORECASE)
_PLACED = re.compile(rf"\w\s+{_LOCATION}\s+(?:(?:the|an?|both|either)\s+)?$", re.IGNORECASE)
_LINKING_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|appears?|remains?|seems?|looks?|measures?|contains?)\b", re.IGNORECASE
)
_CLAUSE_VERB = re.compile(rf"{_LINKING_VERB.pattern}|\b(?:shows?|demonstrates?|reveals?)\b", re.IGNORECASE)
_IS_SEEN = re.compile(rf"\s+(?:\w+ly\s+)?(?:been\s+)?{SEEN}\b", re.IGNORECASE)
_AFFIRMED = re.compile(r"\b(?:normal|clear|unremarkable|intact|healthy|present|with)\b", re.IGNORECASE)
_NEW_CLAUSE = re.compile(r",|\band\b|\w\s+the\b", re.IGNORECASE)
_LIST_JOINT = re.compile(r"[\s,/&]*(?:\b(?:and|or|nor|the|an?|any|both|either)\b[\s,/&]*)*", re.IGNORECASE)
_CONJUNCTION = re.compile(r"\b(?:and|or|nor)\b|[/&]", re.IGNORECASE)
# What may follow the thing that a denial means. Any other word is a noun that it only describes: "no rib fracture".
_THING_ENDS = re.compile(
    rf"\s*(?:$|[^\w\s-]|(?:{_LINKING_VERB.pattern}|{_LOCATION}|{SEEN}|and|or|nor|but|to|by|with|without|for|as|than"
    r"|that|be|been|can|could|may|might|will|would|does|do|did|on|either|currently|today|here|now|again"
    r"|anymore|anywhere|involving|measuring|arising|extending|causing|suggesting)\b)",
    re.IGNORECASE,
)
_ONE_WORD = re.compile(r"\s*\w+\s*")
_DIRECTLY = re.compile(r"\s+(?:(?:the|an?|any)\s+)?", re.IGNORECASE)

# Characters before a name in which the preposition of a place is looked for: the longest, with an article.
_PLACE_LENGTH = 40

_MAX_WORDS_BETWEEN = 8
"""Words between a denial and the thing denied; NegEx uses five to six, before a list's own words."""


def negated_spans(caption: str, spans: Sequence[Span]) -> list[bool]:
    """Tell which phrases of a caption are denied.

    A denial before a list denies the list ("no polyp, glioma or nevus"), one after it too ("polyp and glioma are
    absent"). It denies the thing, not its place ("no glioma in the left lung"), and ends with its clause.

    Args:
        caption: the text.
        spans: of the phrases, in order, without overlap.

    Returns:
        One bool per span.
    """
    denied: set[Span] = set()
    for start, stop in clauses(caption, spans):
        inside = within(spans, start, stop)
        if inside:
            denied |= _denied_in_clause(caption, (start, stop), inside)
    return [span in denied for span in spans]


def _denied_in_clause(caption: str, clause: Span, spans: Sequence[Span]) -> set[Span]:
    """The spans of one clause that are denied; words after a thing are looked at before words in front of it."""
    denied: set[Span] = set()
    settled: set[Span] = set()
    taken: list[Span] = []
    for cue in NEGATION_AFTER.finditer(caption, *clause):
        governed = [] if overlaps(cue.span(), spans) else _governed_before(caption, cue, clause[0], spans)
        if governed:
            taken.append(cue.span())
            settled.update(governed)
            denied.update([] if cue["doubt"] else governed)
    cues = [
        cue
        for cue in NEGATION_BEFORE.finditer(caption, *clause)
        if not overlaps(cue.span(), spans) and not overlaps(cue.span(), taken)
    ]
    for cue, end in zip(cues, [*(cue.start() for cue in cues[1:]), clause[1]], strict=False):
        if cue["denial"]:
            denied.update(_governed_after(caption, (cue.end(), end), spans, settled))
    return denied


def _governed_before(caption: str, cue: re.Match[str], floor: int, spans: Sequence[Span]) -> list[Span]:
    """The spans that words behind them speak of: the list that ends there, without the places of its things."""
    is_adjective = _ONE_WORD.fullmatch(cue.group()) is not None
    following = within(spans, cue.end(), len(caption))
    if is_adjective and following and _DIRECTLY.fullmatch(caption, cue.end(), following[0][0]):
        return []  # "absent gallbladder" speaks of what follows
    governed: list[Span] = []
    cursor, joined, place_follows = cue.start(), False, True
    for start, stop in reversed(within(spans, floor, cue.start())):
        gap = caption[stop:cursor]
        if _LINKING_VERB.search(gap) or len(gap.split()) > _MAX_WORDS_BETWEEN:
            break
        if not place_follows:
            joined = joined or _CONJUNCTION.search(gap) is not None
            if not joined or not _LIST_JOINT.fullmatch(gap):
                break
        place_follows = _PLACED.search(caption, max(floor, start - _PLACE_LENGTH), start) is not None
        if not place_follows and _THING_ENDS.match(caption, stop, cue.start()):
            governed.append((start, stop))
        cursor = start
    return governed


def _governed_after(caption: str, scope: Span, spans: Sequence[Span], settled: set[Span]) -> Iterator[Span]:
    """The spans that a denial in front of them reaches."""
    cursor, end = scope
    for start, stop in within(spans, *scope):
        gap = caption[cursor:start]
        if (start, stop) in settled or _ends_denial(EVIDENCE_OF.sub(" ", gap) if cursor == scope[0] else gap):
            return
        if _NEW_CLAUSE.search(gap) and _is_subject(caption[stop:end]):
            return
        if _THING_ENDS.match(caption, stop, end):
            yield start, stop
        cursor = stop


def _ends_denial(gap: str) -> bool:
    """Whether the words before a thing say that a denial does not reach it."""
    stops = (_PLACE, _OF, _LINKING_VERB, _AFFIRMED)
    return len(gap.split()) > _MAX_WORDS_BETWEEN or any(stop.search(gap) for stop in stops)


def _is_subject(rest: str) -> bool:
    """Whether what follows a thing makes it the subject of a clause of its own ("the heart is normal")."""
    verb = _CLAUSE_VERB.search(rest)
    return verb is not None and _IS_SEEN.match(rest, verb.end()) is None
