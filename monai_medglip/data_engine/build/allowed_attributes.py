# SPDX-License-Identifier: Apache-2.0
"""Which words about an image go into a store: those that are listed here, and no others, whatever a header holds."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["ALLOWED_ATTRIBUTES", "allowed_attributes"]

ALLOWED_ATTRIBUTES = frozenset(
    (
        "certainty",
        "grade",
        "instance",
        "language",
        "modality_detail",
        "negated",
        "orientation",
        "phase",
        "plane",
        "reader",
        "sentence",
        "sequence",
        "series_kind",
        "side",
        "view",
    )
)
"""What says how an image was made or what a sentence says of it; nothing that says whose it is or when it was made."""


def allowed_attributes(attributes: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Give those of some attributes that may be kept, in order."""
    return tuple((name, value) for name, value in attributes if name in ALLOWED_ATTRIBUTES)
