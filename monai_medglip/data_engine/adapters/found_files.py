# SPDX-License-Identifier: Apache-2.0
"""The index files of a layout: those that patterns fit, at least one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monai_medglip.data_engine.adapters.file_pattern import FilePattern, FoundPath
from monai_medglip.errors import DataError

__all__ = ["found_files"]


def found_files(root: Path, patterns: Sequence[str]) -> list[FoundPath]:
    """Give the index files that patterns fit.

    Raises:
        DataError: when there is none.
    """
    files = [file for text in patterns for file in FilePattern(text).find(root)]
    if not files:
        raise DataError(f"{root}: expected a file {' or '.join(patterns)}, there is none")
    return files
