# SPDX-License-Identifier: Apache-2.0
"""Files of a remote storage as local ones for as long as they are read; a local file is its own copy."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from monai_medglip.errors import ConfigurationError, ImageReadError, MedGLIPError, StorageError

__all__ = ["is_local", "local_copy", "storage_errors"]

_NAMES_ITS_PIXELS = (".mhd", ".nhdr", ".hdr")
"""Headers whose pixels lie in another file of the same folder."""


def is_local(path: Path) -> bool:
    """Whether a `pathlib.Path` or `upath.UPath` lies on this machine."""
    # upath gives local paths as pathlib's own classes, or as ones that say so.
    return getattr(path, "protocol", "") in ("", "file", "local")


@contextlib.contextmanager
def storage_errors(place: Path | str) -> Iterator[None]:
    """Tell a storage that does not answer from a file that is not there, whichever library speaks to it.

    Args:
        place: what the block reads from; of a local path every error passes.

    Yields:
        Nothing.

    Raises:
        StorageError: when the storage does not answer, or says that it cannot now.
        ConfigurationError: when the library for this kind of storage is not installed.
    """
    try:
        yield
    except (MedGLIPError, FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        raise
    except ImportError as error:
        raise ConfigurationError(
            f"{place}: expected a library for this storage, but {error}; pip install 'monai_medglip[data,s3]'"
        ) from error
    # Every storage has a library of its own, with errors of its own; those of Python's own are ours.
    except Exception as error:
        is_foreign = isinstance(error, OSError) or type(error).__module__ != "builtins"
        if not is_foreign or (not isinstance(place, str) and is_local(place)):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StorageError(
            f"{place}: expected a storage that answers, it says: {reason[:200]}; begin again when it does"
        ) from error


@contextlib.contextmanager
def local_copy(path: Path) -> Iterator[Path]:
    """Give a local path of a file or folder.

    Args:
        path: a `pathlib.Path` or a `upath.UPath`.

    Yields:
        The path itself where it is local. Otherwise a copy of the same name, which is gone when the block ends; of a
        header, together with the files of the same stem; of a folder, with the files in it.

    Raises:
        ImageReadError: when the storage has no such file, or does not give it.
        StorageError: when the storage does not answer.
        MedGLIPError: as the block raises it, with the remote path in the place of the copy's.
    """
    if is_local(path):
        yield Path(path)
        return
    with tempfile.TemporaryDirectory(prefix="medglip-") as folder:
        target = Path(folder) / path.name
        try:
            with storage_errors(path):
                _fetch(path, target)
        except OSError as problem:
            reason = problem.strerror or problem
            raise ImageReadError(f"{path}: expected a file that can be read, the storage says: {reason}") from problem
        try:
            yield target
        except MedGLIPError as problem:
            raise type(problem)(str(problem).replace(str(target), str(path))) from problem


def _fetch(path: Path, target: Path) -> None:
    if path.is_dir():
        target.mkdir()
        for entry in path.iterdir():
            if entry.is_file():
                _copy(entry, target / entry.name)
    else:
        for file in _with_companions(path):
            _copy(file, target.with_name(file.name))


def _with_companions(path: Path) -> list[Path]:
    if path.suffix.lower() not in _NAMES_ITS_PIXELS:
        return [path]
    return [file for file in path.parent.iterdir() if file.name.startswith(f"{path.stem}.")]


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as stored, target.open("wb") as local:
        shutil.copyfileobj(stored, local)
