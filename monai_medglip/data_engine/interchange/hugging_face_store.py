# SPDX-License-Identifier: Apache-2.0
"""A store out of what `hugging_face` wrote, also after others filtered it or brought it to the Hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from monai_medglip.data_engine.interchange.hugging_face_schema import (
    KINDS,
    TABLES,
    import_datasets,
    pixels_of_row,
    record_of_row,
    regions_of_row,
)
from monai_medglip.data_engine.new_folder import new_folder
from monai_medglip.data_engine.store.manifest import Manifest
from monai_medglip.data_engine.store.part_writer import PART_TABLES, Part, PartWriter
from monai_medglip.data_engine.store.store_writer import finish_store
from monai_medglip.data_engine.store.values import label_of_row, source_of_row
from monai_medglip.errors import DataError, MedGLIPError

__all__ = ["store_from_hugging_face"]


def store_from_hugging_face(dataset: str | Path, target: Path) -> Manifest:
    """Write a store, and the pixels into its folder; memory holds some images at a time.

    Args:
        dataset: a folder, or whatever else `datasets.load_dataset` takes.
        target: the folder of the store, which must not be there.

    Returns:
        The manifest of the store.

    Raises:
        ConfigurationError: when the extra ``interchange`` is not installed.
        DataError: when the tables and columns are not those of `write_hugging_face`.
        OutputError: when the target is there already or cannot be written; nothing is left behind then.
    """
    datasets, place = import_datasets(), str(dataset)
    with _expected(place):
        tables = {name: list(datasets.load_dataset(place, name, split="all", streaming=True)) for name in TABLES}
        labels = [label_of_row(row) for row in tables["labels"]]
        sources = [source_of_row(row) for row in tables["sources"]]
    with new_folder(target) as store:
        part = Part(store, "import")
        with PartWriter(part, labels) as writer:
            _add_all(writer, store, place)
        roots = {source.facts.source: "." for source in sources}
        manifest = finish_store(store, [part], labels=labels, sources=sources, roots=roots)
        for name in PART_TABLES:
            part.table(name).unlink()
    return manifest


def _add_all(writer: PartWriter, store: Path, place: str) -> None:
    datasets, numbers = import_datasets(), count()
    with _expected(place):
        found = datasets.get_dataset_config_names(place)
    for kind in (kind for kind in KINDS.values() if kind in found):
        (store / kind).mkdir()
        with _expected(place):
            splits = datasets.load_dataset(place, kind, streaming=True)
        for split, rows in splits.items():
            # Rows as they are stored: pixels that are decoded and coded again are other bytes.
            for row in rows.decode(False):
                with _expected(place):
                    suffix, content = pixels_of_row(row)
                    record = record_of_row(row, str(split), f"{kind}/{next(numbers):09d}.{suffix}")
                    regions = regions_of_row(row)
                (store / record.uri).write_bytes(content)
                writer.add(record, regions)


@contextmanager
def _expected(place: str) -> Iterator[None]:
    """Say of whatever does not fit what was expected."""
    try:
        yield
    except MedGLIPError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{place}: expected what 'medglip data export --format huggingface' writes, but {error!r}"
        ) from error
