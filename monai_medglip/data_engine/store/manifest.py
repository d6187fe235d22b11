# SPDX-License-Identifier: Apache-2.0
"""The file that makes a folder a store: schema version, counts, and the size and checksum of every other file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monai_medglip.atomic_file import atomic_file
from monai_medglip.data_engine.local_copy import storage_errors
from monai_medglip.errors import DataError

__all__ = ["MANIFEST", "Manifest", "StoreFile", "kind_of"]

MANIFEST = "manifest.json"
"""Its name; written last, so that a folder without it is no store."""

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class StoreFile:
    """One file of a store.

    Args:
        path: below the store, with ``/`` between folders.
        size: bytes.
        sha256: checksum in hex.
        rows: how many rows of its table it holds; 0 where it is no table.
    """

    path: str
    size: int
    sha256: str
    rows: int = 0

    @classmethod
    def of(cls, root: Path, path: Path, *, rows: int = 0) -> StoreFile:
        """Give the entry of a file that lies below ``root``."""
        return cls(path.relative_to(root).as_posix(), path.stat().st_size, _sha256(path), rows)


@dataclass(frozen=True)
class Manifest:
    """What a store, or a set of shards, consists of.

    Args:
        kind: what the folder is, such as ``grounding-store``.
        schema_version: version of its columns.
        counts: rows of each table.
        files: the files of each table in the order of their rows, and of other things by name.
    """

    kind: str
    schema_version: int
    counts: Mapping[str, int]
    files: Mapping[str, Sequence[StoreFile]]

    def write(self, root: Path) -> None:
        """Write the manifest, which completes the folder.

        Raises:
            OutputError: when it cannot be written.
        """
        with atomic_file(root / MANIFEST) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, root: Path, kind: str, newest_version: int) -> Manifest:
        """Read the manifest of a folder and see that its files are there in full.

        Checksums are not looked at, which would read all of every file; see `damaged_files`.

        Args:
            root: the folder.
            kind: what it must be.
            newest_version: the newest schema version that the caller reads.

        Raises:
            DataError: when it is no such folder, of a later version, or lacks a file.
            StorageError: when a remote storage does not answer.
        """
        values = _read_json(root / MANIFEST)
        found, version = values.get("kind"), values.get("schema_version")
        if found != kind:
            raise DataError(f"{root / MANIFEST}: expected a {kind}, got {found!r}")
        if not isinstance(version, int) or version > newest_version:
            raise DataError(
                f"{root / MANIFEST}: expected a schema version of at most {newest_version}, got {version}; "
                "it was written by a later monai_medglip, update this one or build the data again"
            )
        try:
            files = {name: tuple(StoreFile(**file) for file in entries) for name, entries in values["files"].items()}
            manifest = cls(kind, version, dict(values["counts"]), files)
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{root / MANIFEST}: expected counts and files, but {error!r}; build it again") from error
        manifest._check_sizes(root)
        return manifest

    def damaged_files(self, root: Path) -> list[str]:
        """Give the files whose bytes are not those that were written; reads all of them."""
        return [f.path for entries in self.files.values() for f in entries if _sha256(root / f.path) != f.sha256]

    def _check_sizes(self, root: Path) -> None:
        for file in (file for entries in self.files.values() for file in entries):
            try:
                with storage_errors(root / file.path):
                    size = (root / file.path).stat().st_size
            except OSError as error:
                raise DataError(f"{root / file.path}: expected a file as {MANIFEST} says, {error.strerror}") from error
            if size != file.size:
                raise DataError(
                    f"{root / file.path}: expected {file.size} bytes as {MANIFEST} says, got {size}; copy it again"
                )


def kind_of(root: Path) -> str | None:
    """Give what the manifest of a folder says that it is.

    Raises:
        DataError: when there is no manifest that can be read.
    """
    kind: str | None = _read_json(root / MANIFEST).get("kind")
    return kind


def _read_json(path: Path) -> dict[str, Any]:
    try:
        with storage_errors(path):
            values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: expected a complete store, there is no manifest; was its build ended?") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: expected a manifest in JSON, but {error}") from error
    if not isinstance(values, dict):
        raise DataError(f"{path}: expected a manifest in JSON, got a {type(values).__name__}")
    return values


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
