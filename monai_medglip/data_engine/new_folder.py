# SPDX-License-Identifier: Apache-2.0
"""Writing a folder so that it appears whole or not at all; `atomic_file` is the same for one file."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from monai_medglip.errors import OutputError

__all__ = ["new_folder"]


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder beside ``target`` that takes its name when the block ends without an error.

    Args:
        target: the folder; it must not be there yet, or be empty.

    Yields:
        The temporary folder, which is there and empty.

    Raises:
        OutputError: when something is there already, or the folder cannot be written.
    """
    if target.exists() and not (target.is_dir() and next(target.iterdir(), None) is None):
        raise OutputError(f"{target}: expected no file or folder of this name, there is one; remove it or name another")
    temporary = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        temporary.replace(target)
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise OutputError(
            f"expected to write {target}, but the system says: {reason}; "
            "choose a folder that can be written to and has free space"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
