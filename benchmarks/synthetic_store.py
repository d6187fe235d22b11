# SPDX-License-Identifier: Apache-2.0
"""Records and regions by the million, made by a seed: no pixels, no masks, as many and as varied as Med-GLIP-5M's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from monai_medglip.data_engine import Region
from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule, SourceFacts
from monai_medglip.data_engine.record import Truth
from monai_medglip.data_engine.store import Part, PartWriter, StoredRecord, StoredSource, finish_store
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.imaging.modality import KNOWN_MODALITIES, Modality
from monai_medglip.ontology.concept import Level, Mirror

__all__ = ["REGIONS_PER_RECORD", "SyntheticUnit", "build_synthetic_store", "synthetic_images", "units"]

REGIONS_PER_RECORD = 5.3e6 / 1.1e6
"""Of the paper's data set."""

SOURCES = 40
LABELS_PER_SOURCE = 12
RECORDS_PER_UNIT = 4000
_LEVELS = tuple(Level)
_AXES = frozenset(AxisPair)
_SPLITS = ("train",) * 7 + ("val", "test", "test")
_NOWHERE = Path()


@dataclass(frozen=True)
class SyntheticUnit:
    """Some images of one source.

    Args:
        source: its number.
        first: the number of the first image in the source.
        count: images.
    """

    source: int
    first: int
    count: int

    @property
    def name(self) -> str:
        """Sorts as the units follow each other."""
        return f"{source_name(self.source)}-{self.first:09d}"


def source_name(number: int) -> str:
    """Give the name of a source."""
    return f"source_{number:03d}"


def modality_of(source: int) -> Modality:
    """Give the modality of a source; the first seven are dealt to the sources in turn."""
    return KNOWN_MODALITIES[source % 7]


def label_rules(source: int) -> list[LabelRule]:
    """Give the labels of a source, of all levels."""
    return [
        LabelRule(
            source=source_name(source),
            value=str(number),
            label=f"concept {source * 7 + number}",
            level=_LEVELS[number % len(_LEVELS)],
            parent=None,
            relation=None,
            union_is_whole=False,
            instances=InstanceRule.COMPONENTS,
            exhaustive=True,
            mirror=Mirror.FREE,
            truth=Truth.EXPERT,
        )
        for number in range(LABELS_PER_SOURCE)
    ]


def units(records: int) -> list[SyntheticUnit]:
    """Give the units of so many records; sizes of sources differ by as much as a hundred times."""
    weights = [1 / (number + 1) for number in range(SOURCES)]
    counts = [int(records * weight / sum(weights)) for weight in weights]
    counts[0] += records - sum(counts)
    return [
        SyntheticUnit(source, first, min(RECORDS_PER_UNIT, count - first))
        for source, count in enumerate(counts)
        for first in range(0, count, RECORDS_PER_UNIT)
    ]


def synthetic_images(unit: SyntheticUnit) -> Iterator[tuple[StoredRecord, Sequence[Region]]]:
    """Give the images of a unit; half of the sources are volumes in millimeters, a third has boxes with fractions."""
    chance = np.random.default_rng([unit.source, unit.first])
    concepts = [rule.label for rule in label_rules(unit.source)]
    # Many images have few regions, few have many.
    counts = chance.geometric(1 / REGIONS_PER_RECORD, unit.count)
    boxes = _boxes(chance, int(counts.sum()), 3 if unit.source % 2 == 0 else 2, has_fractions=unit.source % 3 == 0)
    chosen = chance.integers(len(concepts), size=len(boxes)).tolist()
    regions = [Region(concepts[number], tuple(box), None) for number, box in zip(chosen, boxes, strict=True)]
    ends = np.cumsum(counts).tolist()
    for record, start, end in zip(_records(unit, chance), [0, *ends], ends, strict=False):
        yield record, regions[start:end]


def _boxes(chance: np.random.Generator, count: int, dims: int, *, has_fractions: bool) -> list[list[float]]:
    lows = chance.random((count, dims)) * 400
    edges = np.concatenate([lows, lows + 1 + chance.random((count, dims)) * 100], axis=1)
    boxes: list[list[float]] = (edges.round(2) if has_fractions else np.floor(edges)).tolist()
    return boxes


def _records(unit: SyntheticUnit, chance: np.random.Generator) -> Iterator[StoredRecord]:
    source, is_volume = source_name(unit.source), unit.source % 2 == 0
    origins = chance.uniform(-200, 0, (unit.count, 2)).tolist()
    depths = chance.integers(40, 400, unit.count).tolist()
    marks = chance.integers(2**63, size=unit.count).tolist()
    for at, number in enumerate(range(unit.first, unit.first + unit.count)):
        name, (x, y) = f"case_{number:07d}", origins[at]
        yield StoredRecord(
            id=name,
            source=source,
            modality=modality_of(unit.source),
            body_region="chest",
            image=_NOWHERE,
            patient=hashlib.sha256(f"{source}:{number // 2}".encode()).hexdigest()[:16],
            split=_SPLITS[number // 2 % 10],
            shape=(512, 512, depths[at]) if is_volume else (1024, 1024),
            uri=f"images/{name}.nii.gz",
            affine=(0.8, 0, 0, x, 0, 0.8, 0, y, 0, 0, 2.5, 0) if is_volume else None,
            known_axes=_AXES if is_volume else frozenset(),
            spacing_known=is_volume,
            checksum=hashlib.sha256(f"{source}/{name}".encode()).hexdigest(),
            perceptual_hash=f"{marks[at]:016x}",
        )


def _write_unit(unit: SyntheticUnit, folder: Path) -> Part:
    part = Part(folder, unit.name)
    with PartWriter(part, label_rules(unit.source)) as writer:
        for record, regions in synthetic_images(unit):
            writer.add(record, regions)
    return part


def build_synthetic_store(target: Path, parts: Path, records: int, *, processes: int = 2) -> dict[str, int]:
    """Build a store of so many records on some processes, as `build_store` does; give the counts of its tables."""
    todo = units(records)
    with ProcessPoolExecutor(processes) as pool:
        written = list(pool.map(_write_unit, todo, [parts] * len(todo)))
    manifest = finish_store(
        target,
        written,
        labels=[rule for source in range(SOURCES) for rule in label_rules(source)],
        sources=[StoredSource(SourceFacts(source_name(source))) for source in range(SOURCES)],
        roots={},
    )
    return dict(manifest.counts)
