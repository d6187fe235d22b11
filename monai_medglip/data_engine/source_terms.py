# SPDX-License-Identifier: Apache-2.0
"""On which terms a source of some data may be used: as the data say themselves, else as the source's card says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from monai_medglip.data_engine.cards import Access, CommercialUse, source_card, source_names
from monai_medglip.data_engine.cards.card import SourceCard
from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.store.stored_source import StoredSource

__all__ = ["SourceTerms", "source_terms"]


@dataclass(frozen=True)
class SourceTerms:
    """Terms of one source; a record of what was found, no advice.

    Attributes:
        title: what the data set is called; its short name where no card tells it.
        license: the terms in words; None where none are known.
        commercial_use: whether they allow commercial use.
        access: what stands between a user and the files; None where no card tells it.
        citation: what to cite; None where nobody tells it.
        home: the address of its page; None where nobody tells it.
    """

    title: str
    license: str | None = None
    commercial_use: CommercialUse = CommercialUse.UNKNOWN
    access: Access | None = None
    citation: str | None = None
    home: str | None = None


@runtime_checkable
class _TellsTerms(Protocol):
    """Data that keep the terms of their sources, as a store and shards do."""

    def source(self, name: str) -> StoredSource: ...


def source_terms(data: GroundingData | _TellsTerms, source: str) -> SourceTerms:
    """Give the terms of a source; nothing, where neither the data nor a card tells them.

    Args:
        data: the images.
        source: one of their sources.
    """
    of_card = _of_card(source_card(source)) if source in source_names() else SourceTerms(source)
    told = data.source(source) if isinstance(data, _TellsTerms) else None
    if told is None or told.license is None:
        return of_card
    return replace(
        of_card,
        license=told.license,
        commercial_use=told.commercial_use,
        citation=told.citation or of_card.citation,
        home=told.home or of_card.home,
    )


def _of_card(card: SourceCard) -> SourceTerms:
    return SourceTerms(card.title, card.license, card.commercial_use, card.access, card.citation, card.home)
