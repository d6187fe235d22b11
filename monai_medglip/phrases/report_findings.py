# SPDX-License-Identifier: Apache-2.0
"""Findings out of the sentences of a radiology report: what, where, on which side, and how sure the writer is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from monai_medglip.ontology import Ontology
from monai_medglip.ontology.concept import Level, Side
from monai_medglip.phrases.caption import find_phrases
from monai_medglip.phrases.clauses import clauses, within
from monai_medglip.phrases.phrase import Phrase
from monai_medglip.phrases.uncertainty import uncertain_spans

__all__ = ["Certainty", "ReportFinding", "report_findings"]

_FINDING_LEVELS = (Level.FINDING, Level.LESION, Level.DEVICE)
_PLACE_LEVELS = (Level.ORGAN, Level.STRUCTURE)
# Sections that tell of the past, the question or the technique, not of what this image shows.
_HEADING = re.compile(r"(?:^|\n)[ \t]*([A-Z][A-Za-z /&]{2,40}):", re.MULTILINE)
_LEFT_OUT = re.compile(
    r"indication|history|technique|comparison|procedure|exam|clinical|reason|recommendation|contrast", re.IGNORECASE
)


class Certainty(str, Enum):
    """What a report says of a finding."""

    AFFIRMED = "affirmed"
    UNCERTAIN = "uncertain"
    DENIED = "denied"


@dataclass(frozen=True)
class ReportFinding:
    """One mention of a finding.

    Attributes:
        concept: its concept.
        certainty: whether it is there by the report.
        side: of the patient, of the finding's own words or else of its place.
        place: the concept of the anatomy that the sentence puts it in, or None.
        text: the finding's words.
        span: first character and one past the last in the report.
    """

    concept: str
    certainty: Certainty
    side: Side
    place: str | None
    text: str
    span: tuple[int, int]


def report_findings(report: str, ontology: Ontology | None = None) -> tuple[ReportFinding, ...]:
    """Give the findings that a report speaks of, in its order.

    Sections of history, indication, technique and comparison are passed over.

    Args:
        report: the text, with or without headings ("FINDINGS:").
        ontology: the concepts; the package's own when None.

    Example:
        >>> [(f.concept, f.certainty.value, f.side.value) for f in report_findings("Possible polyp. No glioma.")]
        [('polyp', 'uncertain', 'none'), ('glioma', 'denied', 'none')]
    """
    ontology = ontology or Ontology.default()
    found: list[ReportFinding] = []
    for start, stop in _sections(report):
        found += _of_text(report[start:stop], start, ontology)
    return tuple(found)


def _sections(report: str) -> list[tuple[int, int]]:
    """The parts of a report that describe its images."""
    heads = list(_HEADING.finditer(report))
    starts = [0, *(head.end() for head in heads)]
    stops = [*(head.start() for head in heads), len(report)]
    names = ["", *(head[1] for head in heads)]
    return [(start, stop) for start, stop, name in zip(starts, stops, names, strict=True) if not _LEFT_OUT.search(name)]


def _of_text(text: str, offset: int, ontology: Ontology) -> list[ReportFinding]:
    phrases = find_phrases(text, ontology)
    spans = [_span(phrase) for phrase in phrases]
    is_open = dict(zip(spans, uncertain_spans(text, spans), strict=True))
    by_span = dict(zip(spans, phrases, strict=True))
    found = []
    for start, stop in clauses(text, spans):
        inside = [by_span[span] for span in within(spans, start, stop)]
        places = [phrase for phrase in inside if _level(phrase, ontology) in _PLACE_LEVELS]
        for phrase in inside:
            if _level(phrase, ontology) in _FINDING_LEVELS:
                found.append(_finding(phrase, places, is_open[_span(phrase)], offset))
    return found


def _finding(phrase: Phrase, places: Sequence[Phrase], is_open: bool, offset: int) -> ReportFinding:
    place = _nearest(phrase, places)
    side = phrase.side if phrase.side is not Side.NONE or place is None else place.side
    certainty = Certainty.DENIED if phrase.negated else Certainty.UNCERTAIN if is_open else Certainty.AFFIRMED
    start, stop = _span(phrase)
    return ReportFinding(
        str(phrase.concept),
        certainty,
        side,
        place.concept if place else None,
        phrase.text,
        (start + offset, stop + offset),
    )


def _nearest(phrase: Phrase, places: Sequence[Phrase]) -> Phrase | None:
    """The place that stands nearest to a finding in its clause; the one behind it where two are as near."""
    start, stop = _span(phrase)

    def distance(place: Phrase) -> tuple[int, int]:
        first, last = _span(place)
        return (first - stop, 0) if first >= stop else (start - last, 1)

    return min(places, key=distance, default=None)


def _level(phrase: Phrase, ontology: Ontology) -> Level:
    return ontology[str(phrase.concept)].level


def _span(phrase: Phrase) -> tuple[int, int]:
    """The span of a phrase found in a text."""
    return phrase.span or (0, 0)
