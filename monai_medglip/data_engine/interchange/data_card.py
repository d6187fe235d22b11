# SPDX-License-Identifier: Apache-2.0
"""The data card of annotated images, as a README.md in the form of the Hugging Face Hub: facts first, then words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from monai_medglip import __version__
from monai_medglip.atomic_file import atomic_file
from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.grounding_folder import SPLITS
from monai_medglip.data_engine.source_terms import SourceTerms, source_terms
from monai_medglip.errors import DataError

__all__ = ["data_card", "write_data_card"]

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_LARGEST = "n>1M"

_LIMITS = (
    "It is for research. It is not cleared for diagnosis, and no model that is trained on it is a medical device.",
    "The terms of each source go on to hold for its images and regions. What stands under Sources is a record of what "
    "was found, not legal advice.",
    "An image without a label lacks the thing only where its source is exhaustive for the label; else nobody looked.",
    "Labels that a program or an atlas drew are marked by `truth`; they are no measure of a model.",
    "Left and right, and millimeters, are known only where `known_axes` and `spacing_known` say so.",
)


def data_card(
    data: GroundingData,
    *,
    name: str,
    sources: Sequence[str] | None = None,
    configs: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Give the text of the card.

    Args:
        data: a data folder, a store or shards.
        name: what the set is called.
        sources: those that the card is of; None for all.
        configs: the tables beside the card, for `datasets.load_dataset`.

    Raises:
        DataError: when there is no image.
    """
    chosen = data.sources if sources is None else tuple(sources)
    counts = _Counts.of(data, chosen)
    head = {
        "pretty_name": name,
        "language": ["en"],
        "license": "other",
        "license_name": "terms-of-the-sources",
        "license_link": "README.md#sources",
        "task_categories": ["object-detection", "image-segmentation", "zero-shot-object-detection"],
        "tags": ["medical", "visual-grounding", *sorted({word.lower() for word in counts.modalities})],
        "size_categories": [_size(counts.images.total())],
        **({"configs": list(configs)} if configs else {}),
    }
    terms = {source: source_terms(data, source) for source in chosen}
    parts = [
        f"# {name}",
        f"{counts.images.total():,} medical images of {len(chosen)} sources with {counts.regions.total():,} regions "
        "that phrases name, as boxes and masks.",
        "## What is in it\n\n" + _overview(chosen, counts),
        "## Splits\n\nAll images of a patient are in one split. Where a source has splits of its own they are kept.\n\n"
        + _splits(chosen, counts),
        "## Labels\n\n" + _labels(counts),
        "## Sources\n\n" + "\n\n".join(_source(*entry) for entry in terms.items()),
        "## How it was built\n\n"
        f"By monai_medglip {__version__}: each source was read in its own layout, its labels were mapped to the "
        "concepts of one ontology, and images and regions were checked in stages. Patients are keyed hashes; headers "
        "of the images are not copied.",
        "## Limits\n\n" + "\n".join(f"* {limit}" for limit in _LIMITS),
    ]
    front = yaml.safe_dump(head, sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n" + "\n\n".join(parts) + "\n"


def write_data_card(data: GroundingData, target: Path, *, name: str, sources: Sequence[str] | None = None) -> None:
    """Write the card as a file, see `data_card`; an older one is written over.

    Raises:
        DataError: when there is no image.
        OutputError: when it cannot be written.
    """
    text = data_card(data, name=name, sources=sources)
    with atomic_file(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class _Counts:
    """How many images there are by source, split and modality, regions by source, and regions by label."""

    images: Counter[tuple[str, str, str]]
    regions: Counter[str]
    labels: Counter[str]

    @classmethod
    def of(cls, data: GroundingData, sources: Sequence[str]) -> _Counts:
        counts = cls(Counter(), Counter(), Counter())
        for record in data.records(sources=sources):
            counts.images[record.source, record.split, record.modality.value] += 1
            found = data.regions(record)
            counts.regions[record.source] += len(found)
            counts.labels.update(region.concept for region in found)
        if not counts.images:
            raise DataError(f"{data.path}: expected at least one image to describe, got none")
        return counts

    @property
    def modalities(self) -> list[str]:
        return sorted({modality for _, _, modality in self.images})

    def of_source(self, source: str, split: str | None = None) -> int:
        return sum(n for (name, part, _), n in self.images.items() if name == source and split in (None, part))


def _overview(sources: Sequence[str], counts: _Counts) -> str:
    rows = []
    for source in sources:
        modalities = sorted({modality for name, _, modality in counts.images if name == source})
        rows.append((source, ", ".join(modalities), f"{counts.of_source(source):,}", f"{counts.regions[source]:,}"))
    return _table(("source", "modalities", "images", "regions"), rows)


def _splits(sources: Sequence[str], counts: _Counts) -> str:
    rows = [(source, *(f"{counts.of_source(source, split):,}" for split in SPLITS)) for source in sources]
    return _table(("source", *SPLITS), rows)


def _labels(counts: _Counts) -> str:
    return _table(("label", "regions"), [(label, f"{n:,}") for label, n in counts.labels.most_common()])


def _source(name: str, terms: SourceTerms) -> str:
    access = "unknown" if terms.access is None else terms.access.value
    lines = [
        f"* Terms: {terms.license or 'unknown'}",
        f"* Commercial use: {terms.commercial_use.value}",
        f"* Access: {access}",
        f"* Home: {terms.home or 'unknown'}",
        f"* To cite: {terms.citation or 'unknown'}",
    ]
    title = "" if terms.title == name else f"{terms.title}\n\n"
    return f"### {name}\n\n{title}" + "\n".join(" ".join(line.split()) for line in lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _size(images: int) -> str:
    return next((words for below, words in _SIZES if images < below), _LARGEST)
