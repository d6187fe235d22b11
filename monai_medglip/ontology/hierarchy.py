# SPDX-License-Identifier: Apache-2.0
"""The concepts together: their relations, their names, and what an image can show of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from monai_medglip.errors import OntologyError
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology.body_region import BodyRegion
from monai_medglip.ontology.concept import Concept, Side
from monai_medglip.ontology.language_names import LanguageNames
from monai_medglip.ontology.load_tables import load_body_regions, load_concepts
from monai_medglip.ontology.name_forms import name_key
from monai_medglip.ontology.name_index import NameIndex
from monai_medglip.ontology.visibility import where_visible

__all__ = ["Ontology"]

_TABLES = Path(__file__).parent / "tables"

_ENGLISH = "en"

_ANYWHERE = BodyRegion("", frozenset())


class Ontology:
    """Concepts by name, read once and never changed.

    Args:
        concepts: by name, checked (see `from_folder`).
        body_regions: by name.
        languages: names in other languages than English.

    Example:
        >>> ontology = Ontology.default()
        >>> ontology.resolve("Lung, left").name
        'left lung'
        >>> ontology.can_show("polyp", Modality.XR, "chest")
        False
    """

    def __init__(
        self,
        concepts: Mapping[str, Concept],
        body_regions: Mapping[str, BodyRegion],
        languages: Iterable[LanguageNames] = (),
    ) -> None:
        self._concepts = dict(concepts)
        self._body_regions = dict(body_regions)
        self._languages = {names.language: names for names in languages}
        self._children = _inverse(self._concepts, lambda concept: concept.is_a)
        self._parts = _inverse(self._concepts, lambda concept: concept.part_of)
        self._contents = _inverse(self._concepts, lambda concept: concept.located_in)
        self._index = NameIndex(self._concepts, self._children)
        self._modalities = where_visible(self._concepts, lambda concept: concept.modalities, self.descendants)
        self._regions = where_visible(self._concepts, lambda concept: concept.body_regions, self.descendants)

    @classmethod
    def default(cls) -> Ontology:
        """Give the ontology that the package carries; the same object each time."""
        return _default()

    @classmethod
    def from_folder(cls, path: str | Path) -> Ontology:
        """Read the tables of a folder.

        They are ``body_regions.tsv`` and, in order of their names, ``concepts/*.tsv``; ``names/*.tsv`` may be missing.

        Raises:
            OntologyError: when a table is missing or breaks a rule; the message lists the rows.
        """
        folder = Path(path)
        tables = sorted((folder / "concepts").glob("*.tsv"))
        if not tables:
            raise OntologyError(f"expected tables of concepts, {folder / 'concepts'}/*.tsv; found none")
        regions = load_body_regions(folder / "body_regions.tsv")
        concepts = load_concepts(tables, regions)
        languages = [LanguageNames.from_table(path, concepts) for path in sorted((folder / "names").glob("*.tsv"))]
        return cls(concepts, regions, languages)

    def __getitem__(self, name: str) -> Concept:
        if name not in self._concepts:
            resolved = self.resolve(name)
            near = (resolved.name,) if resolved else self.nearest(name, 3)
            hint = (
                f"did you mean {' or '.join(map(repr, near))}?" if near else "see docs/reference/ontology.md to add one"
            )
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
        return self._index.longest_name

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

    def parts(self, name: str) -> tuple[str, ...]:
        """Give the names of the direct parts of a concept, in the tables' order."""
        self[name]
        return self._parts.get(name, ())

    def contents(self, name: str) -> tuple[str, ...]:
        """Give the names of what is found in a concept without being part of it, in the tables' order."""
        self[name]
        return self._contents.get(name, ())

    def path(self, name: str) -> tuple[str, ...]:
        """Give the names on the way from the widest concept down to a concept, itself last.

        Each step up goes to what the concept is part of, or else where it is located, or else what it is; to the first
        where there are several.

        Example:
            >>> Ontology.default().path("left upper lobe")
            ('lung', 'left lung', 'left upper lobe')
        """
        path = [name]
        while wider := _wider(self[path[0]]):
            path.insert(0, wider[0])
        return tuple(path)

    def in_region(self, body_region: str) -> tuple[str, ...]:
        """Give the names of the widest concepts that lie in a body region, in the tables' order.

        All else in the region is reached from them by `children`, `parts` and `contents`.

        Raises:
            OntologyError: when the tables have no such region.
        """
        wanted = self._region(body_region).name
        here = {name for name, regions in self._regions.items() if wanted in regions}
        return tuple(name for name in self._concepts if name in here and here.isdisjoint(_wider(self[name])))

    def shown_with(self, body_region: str) -> frozenset[str]:
        """Give the names of the body regions whose contents an image of a body region may show, itself included.

        Raises:
            OntologyError: when the tables have no such region.
        """
        return self._region(body_region).shows

    def modalities_of(self, name: str) -> frozenset[Modality]:
        """Give the modalities that can show a concept; none when that is not known."""
        self[name]
        return self._modalities[name]

    def body_regions_of(self, name: str) -> frozenset[str]:
        """Give the names of the body regions where a concept lies; none when that is not known."""
        self[name]
        return self._regions[name]

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

    def resolve(self, text: str, language: str = _ENGLISH) -> Concept | None:
        """Give the concept that a text names, held-out names included, or None.

        Case, spaces, hyphens, articles, number, and British or American spelling make no difference. Words of a side
        choose the left or the right concept. "Both lungs" is the lung. The whole text must be a name: a sentence that
        holds one is for `monai_medglip.phrases.find_phrases`. In another language a text must be a name of its table.

        Raises:
            OntologyError: when there is no table of the language.
        """
        if language == _ENGLISH:
            return self.resolve_key(name_key(text))
        name = self._names_in(language).resolve(text)
        return self._concepts[name] if name else None

    def resolve_key(self, key: str) -> Concept | None:
        """Give the concept whose name has a key of `name_forms.name_key`, or None."""
        return self._index.resolve_key(key)

    def names(self, name: str, held_out: bool = False) -> tuple[str, ...]:
        """Give the ways in which people type a concept.

        Args:
            name: of the concept.
            held_out: give the names that training must never use, and only those.

        Returns:
            The name itself first (unless held-out names are asked for), then synonyms, forms with an adjective,
            plurals; for a concept of one side also the forms made of the names of the thing without its side.
        """
        self[name]
        return self._index.forms(name, held_out)

    def nearest(self, text: str, count: int = 5) -> tuple[str, ...]:
        """Give the concepts with a name that is like a text or holds all of its words, the nearest first."""
        return self._index.nearest(text, count)

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of ISO 639-1 of the languages that concepts have names in, English first."""
        return (_ENGLISH, *self._languages)

    def name_in(self, name: str, language: str) -> str | None:
        """Give the plainest name of a concept in a language, or None where its table has none.

        Raises:
            OntologyError: when there is no table of the language.

        Example:
            >>> Ontology.default().name_in("kidney", "fr")
            'rein'
        """
        self[name]
        if language == _ENGLISH:
            return name
        return next(iter(self._names_in(language).names.get(name, ())), None)

    def _region(self, name: str) -> BodyRegion:
        if name not in self._body_regions:
            raise OntologyError(f"expected a body region, one of {', '.join(self._body_regions)}; got {name!r}")
        return self._body_regions[name]

    def _names_in(self, language: str) -> LanguageNames:
        if language not in self._languages:
            raise OntologyError(f"expected a language, one of {', '.join(self.languages)}; got {language!r}")
        return self._languages[language]


@lru_cache(maxsize=1)
def _default() -> Ontology:
    return Ontology.from_folder(_TABLES)


def _inverse(
    concepts: Mapping[str, Concept], relation: Callable[[Concept], tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """The concepts that point at each concept by a relation."""
    pointing: dict[str, list[str]] = {}
    for concept in concepts.values():
        for target in relation(concept):
            pointing.setdefault(target, []).append(concept.name)
    return {target: tuple(names) for target, names in pointing.items()}


def _wider(concept: Concept) -> tuple[str, ...]:
    return (*concept.part_of, *concept.located_in, *concept.is_a)


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
