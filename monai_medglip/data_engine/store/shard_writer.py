# SPDX-License-Identifier: Apache-2.0
"""Writing the images and regions of a store into shards: tar files of bounded size, as WebDataset's readers take them.

A record is two members side by side, its facts in JSON and its pixels. Beside the tar files lie the tables that
training needs and the places of all members, so that any record is found without reading a tar file from its start.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from monai_medglip.atomic_file import atomic_file
from monai_medglip.data_engine.store.grounding_store import GroundingStore
from monai_medglip.data_engine.store.id_index import ID_INDEX, IdIndex, id_keys
from monai_medglip.data_engine.store.manifest import MANIFEST, Manifest, StoreFile
from monai_medglip.data_engine.store.pixels import CODINGS, pack_pixels
from monai_medglip.data_engine.store.rows import label_row, record_row, source_row
from monai_medglip.data_engine.store.schema import SCHEMA_VERSION
from monai_medglip.data_engine.store.shard_format import (
    PLACES,
    SHARDS_KIND,
    MemberPlaces,
    facts_json,
    member_name,
    shard_name,
)
from monai_medglip.data_engine.store.stored_records import StoredRecords
from monai_medglip.data_engine.store.table_files import open_table, table_files
from monai_medglip.data_engine.store.table_writer import TableWriter
from monai_medglip.errors import OutputError

__all__ = ["ShardFiles", "write_shards"]

SHARD_BYTES = 256 << 20


def write_shards(
    store: GroundingStore, target: Path, *, records: StoredRecords | None = None, shard_bytes: int = SHARD_BYTES
) -> Manifest:
    """Write shards; same store, same bytes. Memory holds one image at a time.

    A shard holds images of one source and modality only, so that modalities can be mixed in any shares while each shard
    is read once.

    Args:
        store: the store, whose images must be there.
        target: the folder; the manifest is written last, without it the folder is no set of shards.
        records: the images to write, in the store's order; None for all.
        shard_bytes: a shard is closed when it has reached so many bytes.

    Returns:
        The manifest as written.

    Raises:
        DataError: when an image cannot be read.
        OutputError: when there is a manifest already, or the shards cannot be written.
    """
    if (target / MANIFEST).exists():
        raise OutputError(f"{target}: expected a folder without shards, there are some; remove it or name another")
    chosen = store.records() if records is None else records
    with ExitStack() as stack:
        tables = {name: stack.enter_context(open_table(target, name)) for name in ("records", "labels", "sources")}
        _describe_sources(store, tables)
        shards = stack.enter_context(ShardFiles.open(target, shard_bytes))
        for number, record in enumerate(chosen):
            scan, regions = store.read(record), store.regions(record)
            facts = facts_json(record, regions)
            shards.add((record.source, record.modality), number, facts, pack_pixels(scan.array, record.image))
            tables["records"].add(record_row(record, number, 0, record.region_count))
    keys = id_keys(zip(chosen.column("source").to_pylist(), chosen.column("id").to_pylist(), strict=True))
    IdIndex.of_keys(keys).write(target / ID_INDEX)
    with atomic_file(target / PLACES) as temporary, temporary.open("wb") as file:
        np.save(file, np.array(shards.places, "<i8").reshape(-1, len(MemberPlaces._fields)))
    files = {name: table_files(target, table) for name, table in tables.items()}
    files["shards"] = [StoreFile.of(target, path) for path in shards.paths]
    files |= {"ids": [StoreFile.of(target, target / ID_INDEX)], "places": [StoreFile.of(target, target / PLACES)]}
    manifest = Manifest(SHARDS_KIND, SCHEMA_VERSION, {name: t.row_count for name, t in tables.items()}, files)
    manifest.write(target)
    return manifest


def _describe_sources(store: GroundingStore, tables: dict[str, TableWriter]) -> None:
    for source in store.sources:
        tables["sources"].add(source_row(store.source(source)))
        for rule in store.labels(source):
            tables["labels"].add(label_row(rule))


class ShardFiles:
    """The tar file that is being written, and the places in all that were; made by `open`.

    Attributes:
        paths: the files so far.
        places: of the members so far.
    """

    def __init__(self, target: Path, shard_bytes: int, files: ExitStack) -> None:
        self.paths: list[Path] = []
        self.places: list[MemberPlaces] = []
        self._target = target
        self._shard_bytes = shard_bytes
        self._file = files
        self._tar: tarfile.TarFile | None = None
        self._group: object = None

    @classmethod
    @contextmanager
    def open(cls, target: Path, shard_bytes: int) -> Iterator[ShardFiles]:
        """Begin shards; each appears under its name when it is full or the block ends without an error.

        Args:
            target: the folder of the set.
            shard_bytes: a shard is closed when it has reached so many bytes.
        """
        with ExitStack() as files:
            yield cls(target, shard_bytes, files)

    def add(self, group: object, number: int, facts: bytes, pixels: tuple[str, bytes]) -> None:
        """Append the members of a record.

        Args:
            group: whose image it is; another group than the last one's begins another shard.
            number: of the record.
            facts: JSON.
            pixels: their suffix and bytes.
        """
        suffix, packed = pixels
        tar = self._shard_for(group)
        facts_at = _append(tar, member_name(number, "json"), facts)
        pixels_at = _append(tar, member_name(number, suffix), packed)
        coding = CODINGS.index(suffix)
        self.places.append(MemberPlaces(len(self.paths) - 1, facts_at, len(facts), pixels_at, len(packed), coding))

    def _shard_for(self, group: object) -> tarfile.TarFile:
        if self._tar is not None and group == self._group and self._tar.offset < self._shard_bytes:
            return self._tar
        self._file.close()
        path = self._target / shard_name(len(self.paths))
        temporary = self._file.enter_context(atomic_file(path))
        # The oldest of the formats: headers of one block, without the writer's name and time.
        self._tar = self._file.enter_context(tarfile.TarFile(temporary, "w", format=tarfile.USTAR_FORMAT))
        self._group = group
        self.paths.append(path)
        return self._tar


def _append(tar: tarfile.TarFile, name: str, content: bytes) -> int:
    """Append a member and give the place of its first byte."""
    at: int = tar.offset + tarfile.BLOCKSIZE
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))
    return at
