# SPDX-License-Identifier: Apache-2.0
"""Writing a file so that a reader sees all of it or none of it; not a general file library."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from monai_medglip.errors import OutputError

__all__ = ["atomic_file"]


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path`` that takes its name when the block ends without an error.

    The temporary file keeps the suffixes of ``path``, since many writers choose their format by it. Missing parent
    folders are made. When the block raises, the temporary file is removed and an older ``path`` stays as it was.

    Args:
        path: the file to write.

    Yields:
        The temporary path to write to.

    Raises:
        OutputError: when the folder or file cannot be written (permission, disk full, a file in the way).

    Example:
        >>> with atomic_file("result.txt") as temporary:  # doctest: +SKIP
        ...     temporary.write_text("whole or not at all")
    """
    target = Path(path)
    temporary = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(
            f"expected to write {target}, but the system says: {reason}; "
            "choose a folder that exists, can be written to and has free space"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
