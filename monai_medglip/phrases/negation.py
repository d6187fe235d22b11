# SPDX-License-Identifier: Apache-2.0
"""Words that say that a thing is not there, after the ideas of NegEx, NegBio and the CheXpert labeler.

The rules work on the words, without a parse of the sentence, for English captions and report sentences. A doubt is not
a negation: "cannot exclude a tumor" and "no new tumor" leave the tumor standing.
"""

from __future__ import annotations

import re

__all__ = ["strip_negation"]

_SEEN = (
    r"(?:seen|visible|visuali[sz]ed|identified|detected|detectable|present|found|demonstrated|appreciated|evident"
    r"|noted|shown|depicted|recogni[sz]ed|observed|there)"
)
_BE = r"(?:(?:is|are|was|were|has|have|had|been|be|appears?|remains?|seems?|to)\s+)*"
_NOT = r"(?:not|no longer|never)"
_CANNOT = r"(?:cannot|can\s?not|can['’]t|could not|couldn['’]t|(?:do|does|did) not|(?:does|did|do)n['’]t|not)"
_EXCLUDED = r"(?:excluded|ruled out)"
_EXCLUDE = r"(?:exclude|rule out)"

_DOUBT_BEFORE = (
    rf"{_CANNOT}\s+(?:be\s+)?(?:fully\s+|definitely\s+|completely\s+)?{_EXCLUDE}d?"
    rf"|no\s+evidence\s+to\s+{_EXCLUDE}|no\s+new|no\s+(?:\w+\s+)?(?:change|increase|decrease)s?(?:\s+(?:in|of))?"
    r"|without\s+(?:\w+\s+)?change(?:\s+(?:in|of))?|not\s+only|not\s+necessarily|no\s+doubt"
)
_NEGATION_BEFORE = (
    r"no|not|none|without|absence\s+of|lack\s+of|lacks?|lacking|free\s+(?:of|from)|clear\s+of|negative\s+for|neither"
    r"|nor|never|denies|denied|rules?\s+out|ruled\s+out|excludes?|excluded|excluding|resolution\s+of|absent|missing"
)
_DOUBT_AFTER = (
    rf"(?:{_CANNOT}|{_BE}{_NOT})\s+(?:be(?:en)?\s+)?(?:fully\s+|definitely\s+|completely\s+)?{_EXCLUDED}"
    rf"|{_BE}{_NOT}\s+(?:well|clearly|fully|completely|entirely|definitely)\s+(?:evaluated|assessed|{_SEEN})"
)
_NEGATION_AFTER = (
    rf"{_BE}{_NOT}\s+(?:be(?:en)?\s+)?{_SEEN}|{_BE}(?:absent|missing|{_EXCLUDED}|resolved|gone)|is\s+not|are\s+not"
)
_EVIDENCE = (
    r"(?:evidence|signs?|findings?|indications?|suggestions?|suspicion|traces?|presence|focus|foci|areas?|development"
    r"|appearance|features?)"
)
# What may stand between a negation and the thing without changing what is denied.
_FILLER = (
    r"(?:there\s+(?:is|are|was|were)|(?:to\s+)?(?:shows?|demonstrates?|suggests?|reveals?)"
    rf"|(?:(?:definite|obvious|visible|apparent|convincing|further|other|clear)\s+)*{_EVIDENCE}\s+(?:of|for)"
    r"|definite|obvious|visible|apparent|detectable|convincing|further|any|an?|the)"
)

_HEAD = re.compile(
    rf"\W*(?:(?P<doubt>{_DOUBT_BEFORE})|(?P<negation>{_NEGATION_BEFORE})|{_FILLER})(?=[\s:,]|$)[\s:,]*", re.IGNORECASE
)
_TAIL = re.compile(
    rf"(?:(?P<doubt>\s+(?:{_DOUBT_AFTER}))|(?P<negation>\s+(?:{_NEGATION_AFTER})|[-\s]free)"
    rf"|\s+{_BE}{_SEEN}|\s+(?:is|are))[\s.!]*$",
    re.IGNORECASE,
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
        negated ^= found["negation"] is not None
        rest = rest[found.end() :]
    while (found := _TAIL.search(rest)) and found.start() > 0:
        negated ^= found["negation"] is not None
        rest = rest[: found.start()]
    return rest.strip(), negated
