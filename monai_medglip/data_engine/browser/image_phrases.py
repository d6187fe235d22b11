# SPDX-License-Identifier: Apache-2.0
"""The phrases that training could draw for an image: true of some of its regions, or of nothing in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.record import Record, Region
from monai_medglip.data_engine.source_concepts import SourceConcepts
from monai_medglip.geometry import Frame
from monai_medglip.ontology import Ontology
from monai_medglip.phrases.generation import PhraseGenerator
from monai_medglip.phrases.seen_region import SeenRegion, SeenRegions

__all__ = ["ImagePhrase", "image_phrases"]

_SEED = 0


@dataclass(frozen=True)
class ImagePhrase:
    """A phrase and what it is true of.

    Attributes:
        text: the words.
        kind: how it was made, such as "synonym" or "other side".
        regions: positions in the image's list of regions; none for what is not there.
    """

    text: str
    kind: str
    regions: tuple[int, ...]


def image_phrases(
    data: GroundingData, record: Record, frame: Frame, regions: Sequence[Region], ontology: Ontology
) -> Iterator[ImagePhrase]:
    """Give the phrases of an image, the same each time.

    Args:
        data: tells what its source annotates wherever it is.
        record: the image.
        frame: its place in the patient.
        regions: what is drawn in it; specks have no phrase.
        ontology: the concepts.
    """
    places = [place for place, region in enumerate(regions) if not region.ignored]
    drawn = (regions[place] for place in places)
    seen = SeenRegions(tuple(SeenRegion(one.concept, one.box, one.mask) for one in drawn), frame)
    known = SourceConcepts(data.labels(record.source), ontology)
    generator = PhraseGenerator(ontology)
    phrases = [
        *generator.true_phrases(seen, seed=_SEED),
        *generator.false_phrases(seen, lambda name: known.truth(name, regions, record).presence.is_absent, seed=_SEED),
    ]
    for phrase in phrases:
        yield ImagePhrase(phrase.text, phrase.kind.value, tuple(places[number] for number in phrase.regions))
