# SPDX-License-Identifier: Apache-2.0
"""What is known of public data sets, one readable file each: terms, layout on disk, and what its labels mean."""

from __future__ import annotations

from monai_medglip.data_engine.cards.card import Layout, SourceCard
from monai_medglip.data_engine.cards.card_label import CardLabel
from monai_medglip.data_engine.cards.catalog import overlapping_sets, source_card, source_cards, source_names
from monai_medglip.data_engine.cards.terms import Access, CommercialUse

__all__ = [
    "Access",
    "CardLabel",
    "CommercialUse",
    "Layout",
    "SourceCard",
    "overlapping_sets",
    "source_card",
    "source_cards",
    "source_names",
]
