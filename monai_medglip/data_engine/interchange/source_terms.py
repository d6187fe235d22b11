# SPDX-License-Identifier: Apache-2.0
"""What others must be told of a source with its data: title, terms, access, citation; from the data or its card."""

from __future__ import annotations

from dataclasses import dataclass

from monai_medglip.data_engine.cards import CommercialUse, source_card, source_names
from monai_medglip.data_engine.cards.card import SourceCard
from monai_medglip.data_engine.cards.terms import Access
from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.store.stored_data import StoredData

__all__ = ["SourceTerms", "source_terms"]


@dataclass(frozen=True)
class SourceTerms:
    """A source as a card for others lists it; None is what nobody told.

    Args:
        name: the source.
        title: what it is called; its name where it has no card.
        license: the terms in words.
        commercial_use: whether they allow commercial use.
        access: what stands between a user and the files.
        citation: what to cite.
        home: the address of its page.
    """

    name: str
    title: str
    license: str | None = None
    commercial_use: CommercialUse = CommercialUse.UNKNOWN
    access: Access | None = None
    citation: str | None = None
    home: str | None = None


def source_terms(data: GroundingData | StoredData, source: str) -> SourceTerms:
    """Give the terms that a store holds of a source, which its build took; what it does not hold, its card tells."""
    card = source_card(source) if source in source_names() else None
    of_card = SourceTerms(source, source) if card is None else _of_card(card)
    if not isinstance(data, StoredData):
        return of_card  # data folders keep no terms
    own = data.source(source)
    return SourceTerms(
        source,
        of_card.title,
        own.license or of_card.license,
        own.commercial_use,
        of_card.access,
        own.citation or of_card.citation,
        own.home or of_card.home,
    )


def _of_card(card: SourceCard) -> SourceTerms:
    return SourceTerms(card.name, card.title, card.license, card.commercial_use, card.access, card.citation, card.home)
