# SPDX-License-Identifier: Apache-2.0
"""Words that say that a thing is not there, and one phrase without them; whole sentences are for `negation_scope`.

After the ideas of NegEx, NegBio and the CheXpert labeler. The rules work on the words, without a parse of the sentence.
A doubt is not a negation: "cannot exclude a tumor" and "no new tumor" leave the tumor standing.
"""

from __future__ import annotations

import re

__all__ = ["EVIDENCE_OF", "NEGATION_AFTER", "NEGATION_BEFORE", "SEEN", "strip_negation"]

SEEN = (
    r"(?:seen|visible|visuali[sz]ed|identified|detected|detectable|present|found|demonstrated|appreciated|evident"
    r"|noted|shown|depicted|recogni[sz]ed|observed|there)"
)
"""A regular expression for what is said of a thing that is in the image."""

_BE = r"(?:(?:is|are|was|were|has|have|had|been|be|appears?|remains?|seems?|to)\s+)*"
_NOT = r"(?:not|no\s+longer|never|(?:is|are|was|were)n['’]t)"
_CANNOT = (
    r"(?:cannot|can\s?not|can['’]t|could\s+not|couldn['’]t|(?:do|does|did)\s+not|(?:does|did|do)n['’]t"
    r"|(?:is|are|was|were)n['’]t|not)"
)
_FULLY = r"(?:(?:be|been|fully|definitely|completely|entirely|well|clearly)\s+)*"

_DOUBT_BEFORE = (
    rf"{_CANNOT}\s+{_FULLY}(?:exclude|rule\s+out)d?|no\s+evidence\s+to\s+(?:exclude|rule\s+out)|no\s+new"
    r"|(?:no|without)\s+(?:\w+\s+)?(?:change|increase|decrease)s?(?:\s+(?:in|of))?"
    r"|not\s+only|not\s+necessarily|no\s+doubt"
)
_DENIAL_BEFORE = (
    r"no|(?<!do\s)(?<!does\s)(?<!did\s)not|none|(?:is|are|was|were)n['’]t"
    r"|(?:do|does|did)(?:\s+not|n['’]t)\s+(?:show|demonstrate|reveal|contain|have|include|suggest|see|depict)"
    r"|without|absence\s+of|lack\s+of|lacks?|lacking|free\s+(?:of|from)|clear\s+of|negative\s+for|neither|nor|never"
    r"|denies|denied|rules?\s+out|ruled\s+out|excludes?"
    r"|excluded|excluding|resolution\s+of|absent|missing"
)
_DOUBT_AFTER = (
    rf"(?:{_CANNOT}|{_BE}{_NOT})\s+{_FULLY}(?:excluded|ruled\s+out)"
    rf"|{_BE}{_NOT}\s+(?:well|clearly|fully|completely|entirely|definitely)\s+(?:evaluated|assessed|{SEEN})"
)
_NOT_EARLIER = r"(?!\s+(?:on|in)\s+(?:the\s+|an?\s+)?(?:prior|previous|earlier|other)\b)"
_DENIAL_AFTER = (
    rf"{_BE}{_NOT}\s+(?:be(?:en)?\s+)?{SEEN}{_NOT_EARLIER}"
    rf"|{_BE}(?:absent|missing|excluded|ruled\s+out|resolved|gone)"
    r"|(?:is|are|was|were)\s+not(?=[\s.!]*$)"
)
_EVIDENCE = (
    r"(?:evidence|signs?|findings?|indications?|suggestions?|suspicion|traces?|presence|focus|foci|areas?|development"
    r"|appearance|features?)"
)

NEGATION_BEFORE = re.compile(rf"\b(?:(?P<doubt>{_DOUBT_BEFORE})|(?P<denial>{_DENIAL_BEFORE}))\b", re.IGNORECASE)
"""Words before a thing that deny it, or, as ``doubt``, words that only look like it."""

NEGATION_AFTER = re.compile(
    rf"\b(?:(?P<doubt>{_DOUBT_AFTER})|(?P<denial>{_DENIAL_AFTER}))\b|(?P<free>-free\b)", re.IGNORECASE
)
"""Words after a thing that deny it, or, as ``doubt``, words that only look like it."""

EVIDENCE_OF = re.compile(
    rf"\b{_EVIDENCE}\s+(?:of|for)\b|\bto\s+(?:suggest|indicate|explain|show|demonstrate|reveal)\b", re.IGNORECASE
)
"""Words between a denial and the thing that leave the thing itself denied: "no sign of"."""

# What may stand at the beginning and the end of a phrase without changing which thing it names.
_FILLER = (
    r"there\s+(?:is|are|was|were)|shows?|demonstrates?|suggests?|reveals?"
    rf"|{EVIDENCE_OF.pattern}|definite|obvious|visible|apparent|detectable|convincing|further|any|an?|the"
)
_HEAD = re.compile(rf"\W*(?:{NEGATION_BEFORE.pattern}|\b(?:{_FILLER})\b)(?=[\s:,]|$)[\s:,]*", re.IGNORECASE)
_TAIL_LENGTH = 80
"""Characters at the end of a phrase in which its last cue is looked for; the longest cue is shorter."""
_TAIL = re.compile(
    rf"\s*(?:{NEGATION_AFTER.pattern}|(?P<apart>\bfree)|\b{_BE}{SEEN}\b|\b(?:is|are)\b)[\s.!]*$", re.IGNORECASE
)


def strip_negation(text: str) -> tuple[str, bool]:
    """Take the words of negation and presence off both ends of a phrase.

    Args:
        text: one phrase.

    Returns:
        The words that name the thing, and whether the phrase denies it. Two negations cancel.

    Example:
        >>> strip_negation("no evidence of a polyp")
        ('polyp', True)
        >>> strip_negation("cannot exclude a tumor")
        ('tumor', False)
    """
    negated = False
    rest = text.strip()
    while (found := _HEAD.match(rest)) and found.end() < len(rest):
        negated ^= bool(found["denial"])
        rest = rest[found.end() :]
    while (found := _TAIL.search(rest, max(0, len(rest) - _TAIL_LENGTH))) and found.start() > 0:
        negated ^= any(found[kind] for kind in ("denial", "free", "apart"))
        rest = rest[: found.start()]
    return rest.strip(), negated
