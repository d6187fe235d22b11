# SPDX-License-Identifier: Apache-2.0
"""Keeps patients out of logs, pages and the queue: what DICOM calls names, dates and UIDs, and what a series brought.

A pattern finds UIDs, dates and names in DICOM's own form, and values that a library quotes as wrong; a name in plain
words is found because the series that is worked on has said it. It guards against slips. It does not make a text
anonymous that nobody has written with care.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator

__all__ = ["Redactor", "spellings"]

_PATTERNS = (
    (re.compile(r"(?<![\w.])[0-2](?:\.\d+){4,}(?![\w.]*\w)"), "[uid]"),
    (re.compile(r"(?<!\d)(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"), "[date]"),
    (re.compile(r"[^\W\d_][\w'\-]*\^[\w^' \-]*\w"), "[name]"),
    # How pydicom and Python quote a value that is none of its kind: a name may stand in any element.
    (re.compile(r"((?:for VR [A-Z]{2}:|to float:|with base 10:|Unable to convert) )(['\"]).*?\2"), r"\1[value]"),
)
_SHORTEST = 3
_WORD_BOUND_BELOW = 6


def spellings(value: str) -> frozenset[str]:
    """Return the forms in which an identifying value may turn up in a text.

    Args:
        value: value of a DICOM attribute, such as ``Doe^Jane`` or ``19700131``.

    Example:
        >>> sorted(spellings("Doe^Jane"))
        ['Doe', 'Doe Jane', 'Doe^Jane', 'Jane', 'Jane Doe']
        >>> sorted(spellings("19700131"))
        ['1970-01-31', '19700131', '31.01.1970']
    """
    value = value.strip()
    forms = {value}
    for group in value.split("="):
        parts = [part for part in re.split(r"[\^ ]+", group) if part]
        if "^" in group:
            forms |= {*parts, " ".join(parts), " ".join(reversed(parts))}
    if re.fullmatch(r"\d{8}", value):
        year, month, day = value[:4], value[4:6], value[6:]
        forms |= {f"{year}-{month}-{day}", f"{day}.{month}.{year}"}
    return frozenset(form for form in forms if len(form) >= _SHORTEST)


class Redactor(logging.Filter):
    """Replaces identifying words; as a logging filter, in each record with its traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._hidden: Counter[str] = Counter()
        self._expression: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def hiding(self, values: Iterable[str]) -> Iterator[None]:
        """Replace these values, in all their spellings, as long as the block runs.

        Args:
            values: identifying values of one series.
        """
        forms = [form for value in values for form in spellings(value)]
        self._change(forms, 1)
        try:
            yield
        finally:
            self._change(forms, -1)

    def redact(self, text: str) -> str:
        """Return the text without what identifies a patient."""
        expression = self._expression
        if expression is not None:
            text = expression.sub("[removed]", text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record in place; it is always kept."""
        record.msg, record.args = self.redact(record.getMessage()), ()
        if record.exc_info:
            record.exc_text = self.redact(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True

    def _change(self, forms: list[str], count: int) -> None:
        with self._lock:
            for form in forms:
                self._hidden[form] += count
            self._hidden = +self._hidden
            longest_first = sorted(self._hidden, key=lambda form: (-len(form), form))
            words = [_expression(form) for form in longest_first]
            self._expression = re.compile("|".join(words), re.IGNORECASE) if words else None


def _expression(form: str) -> str:
    """A spelling as an expression; a short one only as a whole word, or it would be found all over."""
    return re.escape(form) if len(form) >= _WORD_BOUND_BELOW else rf"\b{re.escape(form)}\b"
