# SPDX-License-Identifier: Apache-2.0
"""A store made from a data folder record by record, so that both must say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from monai_medglip.data_engine import GroundingFolder, Record
from monai_medglip.data_engine.store import Part, PartWriter, StoredRecord, StoredSource, finish_store


def stored(folder: GroundingFolder, record: Record, **facts: object) -> StoredRecord:
    """The record with its place in space as the folder knows it."""
    frame = folder.read(record).frame
    names = ("id", "source", "modality", "body_region", "image", "patient", "split", "shape")
    return StoredRecord(
        **{name: getattr(record, name) for name in names},
        uri=record.image.relative_to(folder.path).as_posix(),
        affine=tuple(frame.affine[:3].ravel().tolist()),
        known_axes=frame.known_axes,
        spacing_known=frame.spacing_known,
        **facts,
    )


def write_parts(
    folder: GroundingFolder, target: Path, records: Sequence[Record] | None = None, *, size: int = 3
) -> Iterator[Part]:
    """Write the folder's images as parts of ``size`` images each."""
    records = folder.records() if records is None else records
    labels = [rule for source in folder.sources for rule in folder.labels(source)]
    for start in range(0, len(records), size):
        part = Part(target, f"part-{start:05d}")
        with PartWriter(part, labels) as writer:
            for record in records[start : start + size]:
                writer.add(stored(folder, record), folder.regions(record))
        yield part


def write_store(folder: GroundingFolder, target: Path, records: Sequence[Record] | None = None) -> Path:
    """Write the folder, or some of its images, as a store."""
    finish_store(
        target,
        list(write_parts(folder, target.with_name(f"{target.name}-parts"), records)),
        labels=[rule for source in folder.sources for rule in folder.labels(source)],
        sources=[StoredSource(folder.facts(source)) for source in folder.sources],
        roots=dict.fromkeys(folder.sources, folder.path.resolve()),
    )
    return target
