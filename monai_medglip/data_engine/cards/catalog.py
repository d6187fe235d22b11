# SPDX-License-Identifier: Apache-2.0
"""All cards that the package carries, by name, each read and checked when it is first asked for."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

from monai_medglip.data_engine.cards.card import SourceCard
from monai_medglip.data_engine.cards.check_card import check_card
from monai_medglip.data_engine.cards.read_card import read_card
from monai_medglip.errors import ConfigurationError
from monai_medglip.ontology import Ontology

__all__ = ["CARD_FOLDER", "overlapping_sets", "source_card", "source_cards", "source_names"]

CARD_FOLDER = Path(__file__).with_name("sets")
"""The folder of the cards that ship with the package."""


@cache
def source_names() -> tuple[str, ...]:
    """Give the names of all data sets that have a card, in order."""
    return tuple(sorted(path.stem for path in CARD_FOLDER.glob("*.yaml")))


@cache
def source_card(name: str) -> SourceCard:
    """Give the card of a data set.

    Raises:
        ConfigurationError: when there is none of that name, or the card breaks its rules.

    Example:
        >>> source_card("msd_hippocampus").concepts
        ('anterior hippocampus', 'posterior hippocampus')
    """
    if name not in source_names():
        near = difflib.get_close_matches(name.lower(), source_names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "'medglip data sources' lists them"
        raise ConfigurationError(f"expected a data set that has a card, got {name!r}; {hint}")
    path = CARD_FOLDER / f"{name}.yaml"
    card = read_card(path)
    check_card(card, Ontology.default(), path)
    return card


def source_cards() -> dict[str, SourceCard]:
    """Give all cards by name, in order of the names.

    Raises:
        ConfigurationError: when a card breaks its rules, or tells of an overlap with a data set that has no card.
    """
    cards = {name: source_card(name) for name in source_names()}
    for card in cards.values():
        for other, _ in card.overlaps:
            if other not in cards:
                near = difflib.get_close_matches(other, cards, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ConfigurationError(
                    f"{CARD_FOLDER / card.name}.yaml: overlaps: expected names of other cards, got {other!r}{hint}"
                )
    return cards


def overlapping_sets(name: str) -> dict[str, str]:
    """Give the data sets that share images with one, and how; whichever of the two cards tells it.

    Raises:
        ConfigurationError: see `source_card` and `source_cards`.
    """
    told = dict(source_card(name).overlaps)
    for other in source_cards().values():
        for shared, how in other.overlaps:
            if shared == name:
                told.setdefault(other.name, how)
    return told
