# SPDX-License-Identifier: Apache-2.0
"""From what people type to a concept, and from a concept to what people type; relations are `hierarchy`'s matter."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from monai_medglip.ontology.concept import Concept, Level, Side
from monai_medglip.ontology.name_forms import name_key, side_forms, split_side

__all__ = ["NameIndex"]

# A lesion can lie on either side; an organ without a left and a right concept cannot be asked by side.
_LEVELS_ON_ANY_SIDE = frozenset((Level.FINDING, Level.LESION, Level.DEVICE))

_LEAST_LIKENESS = 0.7
"""Share of letters in common, of difflib, below which a name is no near one."""


class NameIndex:
    """All English names of some concepts.

    Args:
        concepts: by name.
        children: for each concept, the names of its direct kinds.
    """

    def __init__(self, concepts: Mapping[str, Concept], children: Mapping[str, tuple[str, ...]]) -> None:
        self._concepts = concepts
        self._sided = _sided(concepts, children)
        self._bases = {sided: base for (base, _), sided in self._sided.items()}
        self._keys = {
            name_key(name): concept.name
            for concept in concepts.values()
            for name in (*concept.training_names, *concept.held_out_names)
        }
        self.longest_name = max((key.count(" ") + 1 for key in self._keys), default=0)

    def resolve_key(self, key: str) -> Concept | None:
        """Give the concept whose name has a key of `name_forms.name_key`, or None."""
        if key in self._keys:
            return self._concepts[self._keys[key]]
        side, rest = split_side(key)
        if side is Side.BOTH and rest not in self._keys:
            return self._thing_of_both_sides(rest)
        if side is Side.NONE or rest not in self._keys:
            return None
        concept = self._concepts[self._keys[rest]]
        if concept.side is not Side.NONE:
            return concept if concept.side is side else None
        if side is Side.BOTH:
            return concept
        if (concept.name, side) in self._sided:
            return self._concepts[self._sided[concept.name, side]]
        return concept if concept.level in _LEVELS_ON_ANY_SIDE else None

    def forms(self, name: str, held_out: bool) -> tuple[str, ...]:
        """Give the ways in which people type a concept, as `Ontology.names` tells."""
        concept = self._concepts[name]
        base = self._concepts.get(self._bases.get(name, ""))
        if held_out:
            made = [side_forms(form, concept.side)[0] for form in base.held_out_names] if base else []
            return tuple(dict.fromkeys((*concept.held_out_names, *made)))
        made = list(side_forms(base.name, concept.side)) if base else []
        for form in (*base.synonyms, *base.adjectives) if base else ():
            made += side_forms(form, concept.side)[:2]
        return tuple(dict.fromkeys((*concept.training_names, *made)))

    def nearest(self, text: str, count: int) -> tuple[str, ...]:
        """Give the concepts with a name that is like a text or holds all of its words, the nearest first."""
        key = name_key(text)
        words = set(key.split())
        holding = sorted((k for k in self._keys if words and words <= set(k.split())), key=len)
        like = difflib.get_close_matches(key, self._keys, n=4 * count, cutoff=_LEAST_LIKENESS)
        return tuple(dict.fromkeys(self._keys[k] for k in (*holding, *like)))[:count]

    def _thing_of_both_sides(self, rest: str) -> Concept | None:
        """The thing whose left and right kinds share a name that it has not itself: "left and right ventricle"."""
        bases = {self._bases.get(self._keys.get(f"{side} {rest}", "")) for side in ("left", "right")}
        base = bases.pop() if len(bases) == 1 else None
        return self._concepts[base] if base else None


def _sided(concepts: Mapping[str, Concept], children: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, Side], str]:
    """The left and the right kind of each thing that has exactly one of each, by the thing and the side."""
    sided: dict[tuple[str, Side], str] = {}
    for parent, names in children.items():
        lefts, rights = ([name for name in names if concepts[name].side is side] for side in (Side.LEFT, Side.RIGHT))
        if concepts[parent].side is Side.NONE and len(lefts) == len(rights) == 1:
            sided[parent, Side.LEFT], sided[parent, Side.RIGHT] = lefts[0], rights[0]
    return sided
