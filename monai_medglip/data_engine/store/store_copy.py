# SPDX-License-Identifier: Apache-2.0
"""Copying a store or shards between any two storages, checked byte by byte; a half copy is no store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from monai_medglip.data_engine.local_copy import is_local, storage_errors
from monai_medglip.data_engine.new_folder import new_folder
from monai_medglip.data_engine.store.manifest import MANIFEST, Manifest, kind_of
from monai_medglip.data_engine.store.schema import SCHEMA_VERSION
from monai_medglip.errors import DataError, OutputError, StorageError

__all__ = ["copy_store"]

_BLOCK_BYTES = 8 << 20


def copy_store(source: Path, target: Path) -> Manifest:
    """Copy all files of a store's folder; the manifest comes last, without which the copy is no store.

    A copy on this machine appears whole or not at all. One behind an address may be begun again after it was cut off.

    Args:
        source: the folder, a `pathlib.Path` or `upath.UPath`.
        target: the folder of the copy, of either kind; it must not hold a store.

    Returns:
        The manifest of both.

    Raises:
        DataError: when the source is no complete store, or a file is not as it was written.
        OutputError: when there is a store already, or it cannot be written.
        StorageError: when a remote storage does not answer.
    """
    with storage_errors(source):
        manifest = Manifest.read(source, str(kind_of(source)), SCHEMA_VERSION)
        names = list(_files_below(source))
    checksums = {file.path: file.sha256 for files in manifest.files.values() for file in files}
    with _place_of(target) as folder:
        for name in [*(name for name in names if name != MANIFEST), MANIFEST]:
            _copy(source, folder, name, checksums)
    return manifest


def _place_of(target: Path) -> AbstractContextManager[Path]:
    """Give where to write: aside on this machine; elsewhere the place itself, where nothing can be renamed."""
    with storage_errors(target):
        if (target / MANIFEST).exists():
            raise OutputError(f"{target}: expected a folder without a store, there is one; remove it or name another")
    return new_folder(target) if is_local(target) else nullcontext(target)


def _files_below(folder: Path, before: str = "") -> Iterator[str]:
    """Give the paths of all files below a folder, in the order of their names."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _files_below(entry, f"{before}{entry.name}/")
        else:
            yield f"{before}{entry.name}"


def _copy(source: Path, target: Path, name: str, checksums: Mapping[str, str]) -> None:
    copy = target / name
    if is_local(target):
        copy.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with (
            storage_errors(source / name if is_local(target) else copy),
            (source / name).open("rb") as stored,
            copy.open("wb") as written,
        ):
            while block := stored.read(_BLOCK_BYTES):
                digest.update(block)
                written.write(block)
    except PermissionError as error:
        raise StorageError(f"{copy}: expected to read {source / name} and to write this, but {error}") from error
    if checksums.get(name, digest.hexdigest()) != digest.hexdigest():
        raise DataError(f"{source / name}: expected the bytes that {MANIFEST} tells of, got others; build it again")
