# SPDX-License-Identifier: Apache-2.0
"""The concepts together: their relations, their names, and what an image can show of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from monai_medglip.errors import OntologyError
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology.body_region import BodyRegion
from monai_medglip.ontology.concept import Concept, Level, Side
from monai_medglip.ontology.load_tables import load_body_regions, load_concepts
from monai_medglip.ontology.name_forms import name_key, side_forms, split_side
from monai_medglip.ontology.visibility import where_visible

__all__ = ["Ontology"]

_TABLES = Path(__file__).parent / "tables"

# A lesion can lie on either side; an organ without a left and a right concept cannot be asked by side.
_LEVELS_ON_ANY_SIDE = frozenset((Level.FINDING, Level.LESION, Level.DEVICE))

_ANYWHERE = BodyRegion("", frozenset())


class Ontology:
    """Concepts by name, read once and never changed.

    Args:
        concepts: by name, checked (see `from_folder`).
        body_regions: by name.

    Example:
        >>> ontology = Ontology.default()
        >>> ontology.resolve("Lung, left").name
        'left lung'
        >>> ontology.can_show("polyp", Modality.XR, "chest")
        False
    """

    def __init__(self, concepts: Mapping[str, Concept], body_regions: Mapping[str, BodyRegion]) -> None:
        self._concepts = dict(concepts)
        self._body_regions = dict(body_regions)
        self._children = _children(self._concepts)
        self._sided = _sided(self._concepts, self._children)
        self._bases = {sided: base for (base, _), sided in self._sided.items()}
        self._keys = {
            name_key(name): concept.name
            for concept in self._concepts.values()
            for name in (*concept.training_names, *concept.held_out_names)
        }
        self._longest_name = max((key.count(" ") + 1 for key in self._keys), default=0)
        self._modalities = where_visible(self._concepts, lambda concept: concept.modalities, self.descendants)
        self._regions = where_visible(self._concepts, lambda concept: concept.body_regions, self.descendants)

    @classmethod
    def default(cls) -> Ontology:
        """Give the ontology that the package carries; the same object each time."""
        return _default()

    @classmethod
    def from_folder(cls, path: str | Path) -> Ontology:
        """Read the tables of a folder: ``body_regions.tsv`` and, in order of their names, ``concepts/*.tsv``.

        Raises:
            OntologyError: when a table is missing or breaks a rule; the message lists the rows.
        """
        folder = Path(path)
        tables = sorted((folder / "concepts").glob("*.tsv"))
        if not tables:
            raise OntologyError(f"expected tables of concepts, {folder / 'concepts'}/*.tsv; found none")
        regions = load_body_regions(folder / "body_regions.tsv")
        return cls(load_concepts(tables, regions), regions)

    def __getitem__(self, name: str) -> Concept:
        if name not in self._concepts:
            near = self.resolve(name)
            hint = f"did you mean {near.name!r}?" if near else "see docs/reference/ontology.md to add one"
            raise OntologyError(f"expected the name of a concept, got {name!r}; {hint}")
        return self._concepts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._concepts

    def __iter__(self) -> Iterator[Concept]:
        return iter(self._concepts.values())

    def __len__(self) -> int:
        return len(self._concepts)

    def __repr__(self) -> str:
        return f"Ontology({len(self)} concepts, {len(self._body_regions)} body regions)"

    @property
    def body_regions(self) -> tuple[str, ...]:
        """The body regions that the tables know, in their order."""
        return tuple(self._body_regions)

    @property
    def longest_name(self) -> int:
        """Words of the longest name, articles not counted."""
        return self._longest_name

    def ancestors(self, name: str) -> tuple[str, ...]:
        """Give the names of all broader concepts over ``is_a``, nearest first, without the concept itself."""
        return _reached(name, lambda concept: self[concept].is_a)

    def descendants(self, name: str) -> tuple[str, ...]:
        """Give the names of all narrower concepts over ``is_a``, nearest first, without the concept itself."""
        self[name]  # an unknown name is an error, not a concept without descendants
        return _reached(name, lambda concept: self._children.get(concept, ()))

    def children(self, name: str) -> tuple[str, ...]:
        """Give the names of the concepts that directly are one of a concept, in the table's order."""
        self[name]  # an unknown name is an error, not a concept without children
        return self._children.get(name, ())

    def mirror(self, name: str) -> str | None:
        """Give the name after a reflection along the patient's left-right axis.

        Returns:
            The mirror pair's name; the name itself for a concept without a side; None for one that has a side but no
            mirror image (the left atrium), whose name is then wrong in a mirrored image.
        """
        concept = self[name]
        return name if concept.side is Side.NONE else concept.mirror_of

    def can_show(self, name: str, modality: Modality, body_region: str | None = None) -> bool:
        """Tell whether an image of a modality and a body region may show a concept.

        Returns:
            False only when the tables know that it cannot. An unknown modality, region, or one that the tables do not
            have, excludes nothing.
        """
        self[name]  # an unknown name is an error
        modalities, regions = self._modalities[name], self._regions[name]
        region = self._body_regions.get(body_region or "", _ANYWHERE)
        if modality not in (Modality.UNKNOWN, *region.open_to) and modalities and modality not in modalities:
            return False
        return not region.shows or not regions or not regions.isdisjoint(region.shows)

    def resolve(self, text: str) -> Concept | None:
        """Give the concept that a text names, held-out names included, or None.

        Case, spaces, hyphens, articles, number, and British or American spelling make no difference. Words of a side
        choose the left or the right concept. "Both lungs" is the lung. The whole text must be a name: a sentence that
        holds one is for `monai_medglip.phrases.find_phrases`.
        """
        return self.resolve_key(name_key(text))

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

    def names(self, name: str, held_out: bool = False) -> tuple[str, ...]:
        """Give the ways in which people type a concept.

        Args:
            name: of the concept.
            held_out: give the names that training must never use, and only those.

        Returns:
            The name itself first (unless held-out names are asked for), then synonyms, forms with an adjective,
            plurals; for a concept of one side also the forms made of the names of the thing without its side.
        """
        concept = self[name]
        base = self._concepts.get(self._bases.get(name, ""))
        if held_out:
            made = [side_forms(form, concept.side)[0] for form in base.held_out_names] if base else []
            return tuple(dict.fromkeys((*concept.held_out_names, *made)))
        made = list(side_forms(base.name, concept.side)) if base else []
        for form in (*base.synonyms, *base.adjectives) if base else ():
            made += side_forms(form, concept.side)[:2]
        return tuple(dict.fromkeys((*concept.training_names, *made)))

    def _thing_of_both_sides(self, rest: str) -> Concept | None:
        """The thing whose left and right kinds share a name that it has not itself: "left and right ventricle"."""
        bases = {self._bases.get(self._keys.get(f"{side} {rest}", "")) for side in ("left", "right")}
        base = bases.pop() if len(bases) == 1 else None
        return self._concepts[base] if base else None


@lru_cache(maxsize=1)
def _default() -> Ontology:
    return Ontology.from_folder(_TABLES)


def _children(concepts: Mapping[str, Concept]) -> dict[str, tuple[str, ...]]:
    children: dict[str, tuple[str, ...]] = {}
    for concept in concepts.values():
        for parent in concept.is_a:
            children[parent] = (*children.get(parent, ()), concept.name)
    return children


def _sided(concepts: Mapping[str, Concept], children: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, Side], str]:
    """The left and the right kind of each thing that has exactly one of each, by the thing and the side."""
    sided: dict[tuple[str, Side], str] = {}
    for parent, names in children.items():
        lefts, rights = ([name for name in names if concepts[name].side is side] for side in (Side.LEFT, Side.RIGHT))
        if concepts[parent].side is Side.NONE and len(lefts) == len(rights) == 1:
            sided[parent, Side.LEFT], sided[parent, Side.RIGHT] = lefts[0], rights[0]
    return sided


def _reached(start: str, next_names: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    """All names reached from a start, breadth first, each once, without the start."""
    found: dict[str, None] = {}
    waiting = list(next_names(start))
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += next_names(name)
    return tuple(found)
