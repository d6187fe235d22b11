# SPDX-License-Identifier: Apache-2.0
"""A folder of results that appears whole or not at all: written aside, then renamed."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from monai_medglip.errors import OutputError

__all__ = ["whole_folder"]


@contextlib.contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Give a folder beside ``out`` that takes its name when the block ends without an error.

    When the block raises, nothing is left of it and an older ``out`` stays as it was; else an older one is replaced.

    Args:
        out: the folder to write; missing folders above it are made.

    Yields:
        The folder to write to.

    Raises:
        OutputError: when it cannot be written (permission, disk full, a file in the way).
    """
    draft: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        yield draft
        draft.chmod(0o777 & ~_umask())
        _replace(draft, out)
    except OSError as error:
        raise OutputError(
            f"expected to write the folder {out}, but the system says: {error.strerror or error}; "
            "choose a folder that can be written to and has free space"
        ) from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def _replace(draft: Path, out: Path) -> None:
    """Rename a folder over an older one, which a folder's rename alone refuses."""
    if not out.exists():
        draft.rename(out)
        return
    older = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent))
    out.rename(older / "folder")
    try:
        draft.rename(out)
    except OSError:
        (older / "folder").rename(out)
        raise
    finally:
        shutil.rmtree(older, ignore_errors=True)


def _umask() -> int:
    """The mask of new files, which mkdtemp does not keep to; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
