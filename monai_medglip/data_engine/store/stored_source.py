# SPDX-License-Identifier: Apache-2.0
"""A data set as a store keeps it: what is known of its images, on which terms they may be used, whom to cite."""

from __future__ import annotations

from dataclasses import dataclass

from monai_medglip.data_engine.cards.terms import CommercialUse
from monai_medglip.data_engine.label_rules import SourceFacts

__all__ = ["StoredSource"]


@dataclass(frozen=True)
class StoredSource:
    """One row of a store's table of sources.

    Args:
        facts: its name, and what is known of its images.
        license: the terms in words.
        commercial_use: whether they allow commercial use.
        citation: what to cite.
        home: the address of its page.
    """

    facts: SourceFacts
    license: str | None = None
    commercial_use: CommercialUse = CommercialUse.UNKNOWN
    citation: str | None = None
    home: str | None = None
