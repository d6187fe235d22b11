# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from benchmarks.report_parser import read_sentences, sentence_figures
from monai_medglip.ontology.concept import Side
from monai_medglip.phrases.report_findings import Certainty, report_findings


def told(report: str) -> list[tuple[str, Certainty, Side]]:
    return [(finding.concept, finding.certainty, finding.side) for finding in report_findings(report)]


@pytest.mark.parametrize(
    ("sentence", "certainty"),
    [
        ("There is a polyp.", Certainty.AFFIRMED),
        ("No polyp.", Certainty.DENIED),
        ("Possible polyp.", Certainty.UNCERTAIN),
        ("A polyp is suspected.", Certainty.UNCERTAIN),
        ("A polyp cannot be excluded.", Certainty.UNCERTAIN),
        ("Polyp?", Certainty.UNCERTAIN),
        ("No definite polyp is seen.", Certainty.DENIED),
        ("Findings may represent a polyp.", Certainty.UNCERTAIN),
    ],
)
def test_a_finding_is_affirmed_left_open_or_denied(sentence, certainty) -> None:
    assert told(sentence) == [("polyp", certainty, Side.NONE)]


def test_doubt_and_denial_end_with_their_clause() -> None:
    assert told("Possible polyp, but there is a glioma. No nevus.") == [
        ("polyp", Certainty.UNCERTAIN, Side.NONE),
        ("glioma", Certainty.AFFIRMED, Side.NONE),
        ("nevus", Certainty.DENIED, Side.NONE),
    ]


def test_a_finding_has_the_place_and_the_side_of_its_clause() -> None:
    (finding,) = report_findings("A lung tumor is seen in the left upper lobe.")
    assert (finding.place, finding.side) == ("left upper lobe", Side.LEFT)


def test_history_and_indication_are_passed_over_and_places_in_the_text_stay_true() -> None:
    report = "HISTORY: polyp.\nINDICATION: rule out glioma.\nFINDINGS: There is a nevus.\nIMPRESSION: Nevus."
    found = report_findings(report)
    assert [finding.concept for finding in found] == ["nevus", "nevus"]
    assert [report[slice(*finding.span)] for finding in found] == ["nevus", "Nevus"]


def test_a_report_without_findings_has_none() -> None:
    assert report_findings("") == ()
    assert report_findings("The heart is normal.") == ()


def test_most_findings_of_the_hand_checked_sentences_are_read_with_their_certainty() -> None:
    for part in sentence_figures(read_sentences()).values():
        assert part["finding, certainty"]["precision"] > 0.85
        assert part["finding, certainty"]["recall"] > 0.85
