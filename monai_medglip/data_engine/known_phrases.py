# SPDX-License-Identifier: Apache-2.0
"""Asking an image for everything that is known of it, by name, for validation; training draws phrases instead."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from pathlib import Path
from typing import Any

from monai.transforms.transform import Transform

from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.open_data import open_grounding_data
from monai_medglip.data_engine.record import Record
from monai_medglip.data_engine.source_concepts import Presence, SourceConcepts
from monai_medglip.ontology import Ontology
from monai_medglip.phrases.laterality import side_of
from monai_medglip.phrases.phrase import Phrase

__all__ = ["AskKnownPhrasesd"]


class AskKnownPhrasesd(Transform):
    """Asks for each concept of the image's source that is known to be there or known to be missing, by its own name.

    Adds ``phrases`` and ``concept_truths`` as `SamplePhrasesd` does; nothing is left to chance.

    Args:
        folder: the data, or the path of a data folder, a store or shards.
        withheld_concepts: concepts that are not asked.
        ontology: the concepts; the project's own when None.
    """

    def __init__(
        self,
        folder: GroundingData | str | Path,
        *,
        withheld_concepts: Collection[str] = (),
        ontology: Ontology | None = None,
    ) -> None:
        opened = open_grounding_data(folder)
        self.ontology = Ontology.default() if ontology is None else ontology
        self.withheld = frozenset(withheld_concepts)
        self._concepts = {s: SourceConcepts(opened.labels(s), self.ontology) for s in opened.sources}
        self._labels = {s: tuple(rule.label for rule in opened.labels(s)) for s in opened.sources}

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give a copy of the item with its phrases and what is true of them."""
        item = dict(data)
        record: Record = item["record"]
        concepts = self._concepts[record.source]
        names = [concepts.canonical(label) for label in self._labels[record.source]]
        truths = {
            name: concepts.truth(name, item["region_table"], record) for name in names if name not in self.withheld
        }
        known = {name: truth for name, truth in truths.items() if truth.presence is not Presence.UNKNOWN}
        item["phrases"] = [Phrase(name, concept=name, side=self._side(name)) for name in known]
        item["concept_truths"] = list(known.values())
        return item

    def _side(self, name: str) -> Any:
        return self.ontology[name].side if name in self.ontology else side_of(name)
