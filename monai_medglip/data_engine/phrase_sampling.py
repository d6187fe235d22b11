# SPDX-License-Identifier: Apache-2.0
"""Which phrases a training image is asked: what is there, what is known to be missing, never what is unknown."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai.transforms.transform import Randomizable, Transform

from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.open_data import open_grounding_data
from monai_medglip.data_engine.record import Record, Region
from monai_medglip.data_engine.region_table import RegionRow
from monai_medglip.data_engine.source_concepts import ConceptTruth, Presence, SourceConcepts
from monai_medglip.errors import ConfigurationError
from monai_medglip.ontology import Ontology
from monai_medglip.phrases.laterality import side_of
from monai_medglip.phrases.phrase import Phrase

__all__ = ["SamplePhrasesd"]

LARGEST_SHARE_PRESENT = 0.7
"""Share of the phrases that may be present while known-absent ones are left to ask."""


@dataclass(frozen=True)
class _SourceVocabulary:
    """What an image of one source can be asked."""

    concepts: SourceConcepts
    own: tuple[str, ...]
    easy: tuple[str, ...]
    easy_chances: tuple[float, ...]


class SamplePhrasesd(Randomizable, Transform):
    """Draws the phrases of one training sample.

    Adds ``phrases``, a list of `Phrase`, and ``concept_truths``, a list of `ConceptTruth` whose positions point into
    ``region_table``. It reads the table, so that a reflection that exchanged left and right in it is respected.

    Present labels and absent concepts are drawn at random; half of the absent ones are absent by the source's word
    (hard), half by modality or body region (easy), as far as there are any. A concept is called by its own name or by
    another training name of the ontology; names held out of training are never used.

    Args:
        folder: the data, or the path of a data folder, a store or shards; its labels are the vocabulary.
        count: phrases per image, fewer where the image has not so many.
        parent_probability: how often a wider concept of a present label ("tooth") may be asked too.
        canonical_probability: how often a concept is called by its own name.
        withheld_concepts: concepts that are never asked, to be tried as unseen ones later.
        ontology: the concepts; the project's own when None.

    Raises:
        ConfigurationError: when a setting is out of range, or a withheld concept is unknown.
    """

    def __init__(
        self,
        folder: GroundingData | str | Path,
        *,
        count: int = 10,
        parent_probability: float = 0.3,
        canonical_probability: float = 0.5,
        withheld_concepts: Collection[str] = (),
        ontology: Ontology | None = None,
    ) -> None:
        if count < 1:
            raise ConfigurationError(f"expected at least one phrase per image, got {count}")
        for probability in (parent_probability, canonical_probability):
            if not 0 <= probability <= 1:
                raise ConfigurationError(f"expected a probability in [0, 1], got {probability}")
        self.count = count
        self.parent_probability = parent_probability
        self.canonical_probability = canonical_probability
        self.ontology = Ontology.default() if ontology is None else ontology
        opened = open_grounding_data(folder)
        self._vocabularies = _vocabularies(opened, self.ontology, frozenset(withheld_concepts))
        self._truths: dict[Hashable, dict[str, ConceptTruth]] = {}

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give a copy of the item with its phrases and what is true of them."""
        item = dict(data)
        record: Record = item["record"]
        vocabulary = self._vocabularies[record.source]
        truths = self._own_truths(vocabulary, record, item["region_table"])
        names = self._draw(vocabulary, truths, item["region_table"])
        item["phrases"] = [self._phrase(name) for name in names]
        absent = ConceptTruth(Presence.ABSENT_EASY, (), (), "boxes", exhaustive=True, many=False)
        item["concept_truths"] = [truths.get(name, absent) for name in names]
        return item

    def _own_truths(
        self, vocabulary: _SourceVocabulary, record: Record, table: Sequence[RegionRow]
    ) -> dict[str, ConceptTruth]:
        """Give what is true of the source's own concepts; kept, as an image has only itself and its mirror image."""
        key = (record.name, tuple(row.concept for row in table))
        if key not in self._truths:
            self._truths[key] = {name: vocabulary.concepts.truth(name, table, record) for name in vocabulary.own}
        return self._truths[key]

    def _draw(
        self, vocabulary: _SourceVocabulary, truths: Mapping[str, ConceptTruth], table: Sequence[RegionRow]
    ) -> list[str]:
        labels = {vocabulary.concepts.canonical(row.concept) for row in table}
        present = [
            name
            for name, truth in truths.items()
            if truth.presence is Presence.PRESENT and (name in labels or self.R.random() < self.parent_probability)
        ]
        hard = self._shuffled([name for name, truth in truths.items() if truth.presence.is_absent])
        present = self._shuffled(present)
        absent_count = max(self.count - len(present), round(self.count * (1 - LARGEST_SHARE_PRESENT)))
        hard_count = max(absent_count - absent_count // 2, absent_count - len(vocabulary.easy))
        absent = hard[:hard_count]
        absent += self._easy(vocabulary, absent_count - len(absent))
        return self._shuffled(present[: self.count - len(absent)] + absent)

    def _easy(self, vocabulary: _SourceVocabulary, count: int) -> list[str]:
        count = min(count, len(vocabulary.easy))
        if count == 0:
            return []
        chosen = self.R.choice(len(vocabulary.easy), size=count, replace=False, p=vocabulary.easy_chances)
        return [vocabulary.easy[i] for i in chosen]

    def _shuffled(self, names: Sequence[str]) -> list[str]:
        return [names[i] for i in self.R.permutation(len(names))]

    def _phrase(self, name: str) -> Phrase:
        forms = self.ontology.names(name) if name in self.ontology else (name,)
        others = forms[1:]
        text = (
            name if not others or self.R.random() < self.canonical_probability else others[self.R.randint(len(others))]
        )
        side = self.ontology[name].side if name in self.ontology else side_of(name)
        return Phrase(text, concept=name, side=side)


def _vocabularies(folder: GroundingData, ontology: Ontology, withheld: frozenset[str]) -> dict[str, _SourceVocabulary]:
    concepts = {source: SourceConcepts(folder.labels(source), ontology) for source in folder.sources}
    every = tuple(dict.fromkeys(name for source in concepts.values() for name in source.names()))
    unknown = sorted(withheld - set(every))
    if unknown:
        raise ConfigurationError(f"expected withheld concepts of this data folder, it has no {', '.join(unknown)}")
    one_record = {source: folder.records(sources=[source])[-1] for source in folder.sources}
    vocabularies = {}
    # Every other source has the same chance to give an easy phrase: 32 teeth must not drown a single polyp.
    chances = {name: 1 / len(own.names()) for own in concepts.values() for name in own.names()}
    for source, own in concepts.items():
        labels = [Region(rule.label, (), None) for rule in folder.labels(source)]
        asked = [name for name in every if name not in withheld]
        easy = [n for n in asked if own.truth(n, labels, one_record[source]).presence is Presence.ABSENT_EASY]
        total = sum(chances[name] for name in easy)
        vocabularies[source] = _SourceVocabulary(
            concepts=own,
            own=tuple(name for name in own.names() if name not in withheld),
            easy=tuple(easy),
            easy_chances=tuple(chances[name] / total for name in easy),
        )
    return vocabularies
