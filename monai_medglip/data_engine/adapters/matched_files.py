# SPDX-License-Identifier: Apache-2.0
"""Which annotation files belong to which image, told by the words that their paths share; the files stay closed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum
from pathlib import Path

from monai_medglip.data_engine.adapters.file_pattern import FilePattern, FoundPath

__all__ = ["MatchedFiles", "WithoutFile"]


class WithoutFile(str, Enum):
    """What an image is whose annotation file is not there."""

    ERROR = "error"
    """Damaged: reading its annotation fails."""
    EMPTY = "empty"
    """An image with nothing in it."""
    LEAVE_OUT = "leave_out"
    """Not annotated, and no image of the data set."""


class MatchedFiles:
    """The annotation files of a data set, listed once.

    Args:
        root: the folder of the data set.
        patterns: of the annotation files' paths.
        names: the words that are known of an image; the annotation files that agree in those that both have are its.
    """

    def __init__(self, root: Path, patterns: Sequence[str], names: Collection[str]) -> None:
        self.patterns = tuple(patterns)
        self._files: list[tuple[tuple[str, ...], dict[tuple[str, ...], list[FoundPath]]]] = []
        for text in patterns:
            pattern = FilePattern(text)
            shared = tuple(name for name in pattern.names if name in names)
            files: dict[tuple[str, ...], list[FoundPath]] = {}
            for file in pattern.find(root):
                files.setdefault(tuple(file.groups[name] for name in shared), []).append(file)
            self._files.append((shared, files))

    def of(self, image: FoundPath) -> tuple[FoundPath, ...]:
        """Give the annotation files of an image; none where there are none."""
        return tuple(
            file
            for shared, files in self._files
            for file in files.get(tuple(image.groups.get(name, "") for name in shared), ())
        )
