# SPDX-License-Identifier: Apache-2.0
"""From the regions of an image to phrases that are true of some of them, and to phrases that are true of none.

The same regions, ontology and seed give the same phrases. A phrase that is true of nothing is made only of a concept
whose absence is known; who knows it is the caller.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from monai_medglip.ontology import Ontology
from monai_medglip.ontology.concept import Side
from monai_medglip.phrases.descriptions import Description, describe
from monai_medglip.phrases.seen_region import SeenRegions

__all__ = ["GeneratedPhrase", "PhraseGenerator", "PhraseKind"]

_SENTENCES = ("there is {thing} {after}", "{thing} is seen {after}", "{thing} {after} is noted", "find {thing} {after}")
_DENIALS = ("no {name}", "no evidence of {name}", "{name} is absent", "without {name}")
_VOWELS = "aeiou"


class PhraseKind(str, Enum):
    """How a phrase was made."""

    NAME = "name"
    SYNONYM = "synonym"
    PARENT = "parent"
    """The name of a wider concept; true of all regions that are one."""
    DESCRIBED = "described"
    """A name with words of size, rank, place or relation."""
    SENTENCE = "sentence"
    PROMPT = "prompt"
    """All names of an image in one line, as detectors are prompted."""
    OTHER_SIDE = "other side"
    """The thing of the other side, which is not there."""
    SIBLING = "sibling"
    """Another kind of the same, which is not there."""
    DENIED = "denied"
    """Words that say that a thing is not there."""

    @property
    def is_counterfactual(self) -> bool:
        """Whether the thing that is named is not in the image."""
        return self in (PhraseKind.OTHER_SIDE, PhraseKind.SIBLING, PhraseKind.DENIED)


@dataclass(frozen=True)
class GeneratedPhrase:
    """A phrase and what it is true of.

    Attributes:
        text: the words.
        concept: the concept that they name; None for a prompt, which names several.
        kind: how it was made.
        regions: positions of the regions that it names, in the order of the image's regions; none for a
            counterfactual.
    """

    text: str
    concept: str | None
    kind: PhraseKind
    regions: tuple[int, ...]


class PhraseGenerator:
    """Makes phrases of the regions of images.

    Args:
        ontology: names, kinds and sides; the package's own when None.

    Example:
        >>> import numpy as np
        >>> from monai_medglip.geometry import Frame
        >>> from monai_medglip.phrases.seen_region import SeenRegion
        >>> seen = SeenRegions((SeenRegion("heart", (2.0, 2.0, 8.0, 8.0)),), Frame.pixel((10, 10)))
        >>> [phrase.text for phrase in PhraseGenerator().true_phrases(seen, seed=1) if phrase.kind.value == "name"]
        ['heart']
    """

    def __init__(self, ontology: Ontology | None = None) -> None:
        self._ontology = ontology or Ontology.default()

    def true_phrases(self, seen: SeenRegions, *, seed: int) -> tuple[GeneratedPhrase, ...]:
        """Give phrases that are true of regions of an image, each text once.

        Per concept its name, one synonym, its wider concepts, and every description with one sentence of it; for the
        image one prompt.

        Args:
            seen: the regions.
            seed: of all that is chosen.
        """
        chance = random.Random(seed)
        phrases = [phrase for name in _names(seen) for phrase in self._of_concept(seen, name, chance)]
        for index in range(len(seen)):
            phrases += self._described(seen, index, chance)
        phrases += self._prompt(seen, chance)
        return _each_text_once(phrases)

    def false_phrases(
        self, seen: SeenRegions, is_known_absent: Callable[[str], bool], *, seed: int
    ) -> tuple[GeneratedPhrase, ...]:
        """Give phrases of things that are not in an image, near to what is in it.

        Args:
            seen: the regions.
            is_known_absent: whether a concept is known not to be in the image; silence is no absence.
            seed: of all that is chosen.

        Returns:
            The thing of the other side, kinds beside those that are there, and a denial of each.
        """
        chance = random.Random(seed)
        phrases = []
        for name in _names(seen):
            for kind, other in self._neighbors(name):
                if is_known_absent(other):
                    phrases.append(GeneratedPhrase(other, other, kind, ()))
                    denial = chance.choice(_DENIALS).format(name=other)
                    phrases.append(GeneratedPhrase(denial, other, PhraseKind.DENIED, ()))
        return _each_text_once(phrases)

    def _of_concept(self, seen: SeenRegions, name: str, chance: random.Random) -> Iterator[GeneratedPhrase]:
        own = seen.of_concepts([name, *self._below(name)])
        yield GeneratedPhrase(name, name, PhraseKind.NAME, own)
        if name not in self._ontology:
            return
        others = self._ontology.names(name)[1:]
        if others:
            yield GeneratedPhrase(chance.choice(others), name, PhraseKind.SYNONYM, own)
        for wider in self._ontology.ancestors(name):
            every = seen.of_concepts([wider, *self._below(wider)])
            yield GeneratedPhrase(wider, wider, PhraseKind.PARENT, every)

    def _below(self, name: str) -> tuple[str, ...]:
        return self._ontology.descendants(name) if name in self._ontology else ()

    def _described(self, seen: SeenRegions, index: int, chance: random.Random) -> Iterator[GeneratedPhrase]:
        name = seen.regions[index].concept
        descriptions = describe(seen, index, self._ontology)
        for description in descriptions:
            text = " ".join(filter(None, (description.before, name, description.after)))
            yield GeneratedPhrase(text, name, PhraseKind.DESCRIBED, description.regions)
        placed = [description for description in descriptions if description.after]
        if placed:
            yield self._sentence(name, chance.choice(placed), chance)

    def _sentence(self, name: str, description: Description, chance: random.Random) -> GeneratedPhrase:
        thing = self._with_article(name, is_one=len(description.regions) == 1)
        text = chance.choice(_SENTENCES).format(thing=thing, after=description.after)
        return GeneratedPhrase(text, name, PhraseKind.SENTENCE, description.regions)

    def _with_article(self, name: str, *, is_one: bool) -> str:
        """A thing with a side, or of which there is one, is "the"; of several, one is "a"."""
        has_side = name in self._ontology and self._ontology[name].side is not Side.NONE
        if has_side or is_one:
            return f"the {name}"
        return f"{'an' if name[0] in _VOWELS else 'a'} {name}"

    def _prompt(self, seen: SeenRegions, chance: random.Random) -> Iterator[GeneratedPhrase]:
        names = _names(seen)
        if len(names) > 1:
            order = chance.sample(names, len(names))
            text = " ".join(f"{name}." for name in order)
            yield GeneratedPhrase(text, None, PhraseKind.PROMPT, tuple(range(len(seen))))

    def _neighbors(self, name: str) -> Iterator[tuple[PhraseKind, str]]:
        """The other side's concept, then the other kinds of what a concept directly is."""
        if name not in self._ontology:
            return
        mirror = self._ontology.mirror(name)
        if mirror not in (None, name):
            yield PhraseKind.OTHER_SIDE, str(mirror)
        for parent in self._ontology[name].is_a:
            for sibling in self._ontology.children(parent):
                if sibling not in (name, mirror):
                    yield PhraseKind.SIBLING, sibling


def _names(seen: SeenRegions) -> Sequence[str]:
    return tuple(dict.fromkeys(region.concept for region in seen.regions))


def _each_text_once(phrases: Sequence[GeneratedPhrase]) -> tuple[GeneratedPhrase, ...]:
    """Leave out what repeats a text; what was made first stays."""
    first: dict[str, GeneratedPhrase] = {}
    for phrase in phrases:
        first.setdefault(phrase.text, phrase)
    return tuple(first.values())
