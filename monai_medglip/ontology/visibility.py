# SPDX-License-Identifier: Apache-2.0
"""In which modalities and body regions a concept can be seen, from its own row, its parents' and its kinds'."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from monai_medglip.ontology.concept import Concept

__all__ = ["where_visible"]

_Place = TypeVar("_Place")


def where_visible(
    concepts: Mapping[str, Concept],
    field: Callable[[Concept], frozenset[_Place]],
    kinds: Callable[[str], Iterable[str]],
) -> dict[str, frozenset[_Place]]:
    """Give for each concept all values of a field that can show it.

    Args:
        concepts: by name.
        field: gives a concept's modalities or its body regions; empty where its row does not say.
        kinds: gives the names of a concept's narrower kinds.

    Returns:
        For each name what its row says, or else what the rows of what it is say, or else of what it is part of; and
        with it what shows its kinds, as seeing a left lung is seeing a lung. Empty: not known.
    """
    own = {name: _own_or_inherited(concepts, name, field) for name in concepts}
    return {name: _together([own[name], *(own[kind] for kind in kinds(name))]) for name in concepts}


def _own_or_inherited(
    concepts: Mapping[str, Concept], name: str, field: Callable[[Concept], frozenset[_Place]]
) -> frozenset[_Place]:
    concept = concepts[name]
    for wider in (concept.is_a, concept.part_of):
        if field(concept) or not wider:
            continue
        inherited = _together([_own_or_inherited(concepts, parent, field) for parent in wider])
        if inherited:
            return inherited
    return field(concept)


def _together(places: list[frozenset[_Place]]) -> frozenset[_Place]:
    """The union, or nothing when one of the sets is not known."""
    return frozenset().union(*places) if all(places) else frozenset()
