# SPDX-License-Identifier: Apache-2.0
"""Files of a remote store as local ones for as long as they are read; a local file is its own copy."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from monai_medglip.errors import MedGLIPError

__all__ = ["local_copy"]

_NAMES_ITS_PIXELS = (".mhd", ".nhdr", ".hdr")
"""Headers whose pixels lie in another file of the same folder."""


@contextlib.contextmanager
def local_copy(path: Path) -> Iterator[Path]:
    """Give a local path of a file or folder.

    Args:
        path: a `pathlib.Path` or a `upath.UPath`.

    Yields:
        The path itself where it is local. Otherwise a copy of the same name, which is gone when the block ends; of a
        header, together with the files of the same stem; of a folder, with the files in it.

    Raises:
        OSError: when the store cannot be read.
        MedGLIPError: as the block raises it, with the remote path in the place of the copy's.
    """
    # upath gives local paths as pathlib's own classes, or as ones that say so.
    if getattr(path, "protocol", "") in ("", "file", "local"):
        yield Path(path)
        return
    with tempfile.TemporaryDirectory(prefix="medglip-") as folder:
        target = Path(folder) / path.name
        if path.is_dir():
            target.mkdir()
            for entry in path.iterdir():
                if entry.is_file():
                    _copy(entry, target / entry.name)
        else:
            for file in _with_companions(path):
                _copy(file, target.with_name(file.name))
        try:
            yield target
        except MedGLIPError as problem:
            raise type(problem)(str(problem).replace(str(target), str(path))) from problem


def _with_companions(path: Path) -> list[Path]:
    if path.suffix.lower() not in _NAMES_ITS_PIXELS:
        return [path]
    return [file for file in path.parent.iterdir() if file.name.startswith(f"{path.stem}.")]


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as stored, target.open("wb") as local:
        shutil.copyfileobj(stored, local)
