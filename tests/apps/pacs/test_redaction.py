# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import logging

import pytest

from apps.medglip_pacs.redaction import Redactor


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("series 1.2.840.113619.2.55.3 is broken", "series [uid] is broken"),
        ("born 19481224", "born [date]"),
        ("of Doe^Jane Q^^Dr", "of [name]"),
        ("Invalid value for VR IS: 'Doe'. Please see", "Invalid value for VR IS: [value]. Please see"),
        (
            "ValueError: could not convert string to float: 'Doe'",
            "ValueError: could not convert string to float: [value]",
        ),
        ('invalid literal for int() with base 10: "D\'Oe"', "invalid literal for int() with base 10: [value]"),
        ("Unable to convert '31.12.1970' to 'DA' object", "Unable to convert [value] to 'DA' object"),
        ("orthanc 1.10.1 took 12.5 s for 300 slices", "orthanc 1.10.1 took 12.5 s for 300 slices"),
        ("job 4a37c5c3-2da4fdb1.0123456789abcdef failed", "job 4a37c5c3-2da4fdb1.0123456789abcdef failed"),
    ],
)
def test_what_has_dicoms_form_is_found_by_it(text: str, expected: str) -> None:
    assert Redactor().redact(text) == expected


def test_what_a_series_brought_is_hidden_as_long_as_it_is_worked_on() -> None:
    redactor = Redactor()
    with redactor.hiding(["Müller^Änne", "PID 77"]):
        assert redactor.redact("Frau ÄNNE Müller (PID 77)") == "Frau [removed] ([removed])"
    assert redactor.redact("Frau Müller") == "Frau Müller"


def test_two_series_of_one_patient_hide_until_the_last_ends() -> None:
    redactor = Redactor()
    with redactor.hiding(["Huber^Ida"]):
        with redactor.hiding(["Huber^Ida"]):
            pass
        assert redactor.redact("Huber") == "[removed]"


def test_a_short_value_is_hidden_as_a_word_alone() -> None:
    redactor = Redactor()
    with redactor.hiding(["ion"]):
        assert redactor.redact("ion: position unknown") == "[removed]: position unknown"


def test_records_lose_names_in_arguments_and_tracebacks(caplog: pytest.LogCaptureFixture) -> None:
    redactor, log = Redactor(), logging.getLogger("test_redaction")
    with redactor.hiding(["Huber^Ida"]):
        try:
            raise ValueError("Ida Huber is unreadable")
        except ValueError:
            record = log.makeRecord("n", logging.ERROR, "f", 1, "of %s", ("Huber",), __import__("sys").exc_info())
        redactor.filter(record)
    text = logging.Formatter().format(record)
    assert "ValueError" in text
    assert "uber" not in text
