# SPDX-License-Identifier: Apache-2.0
"""Which annotation files belong to which image, told by the words that their paths share; the files stay closed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
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
        images: patterns of the images' paths, whose regular expressions hold for the same names here.
    """

    def __init__(self, root: Path, patterns: Sequence[str], names: Collection[str], images: Sequence[str]) -> None:
        self.patterns = tuple(patterns)
        expressions: dict[str, str] = {}
        for text in images:
            expressions = {**FilePattern(text).expressions, **expressions}
        self._files: list[tuple[tuple[str, ...], dict[tuple[str, ...], list[FoundPath]]]] = []
        for text in patterns:
            pattern = FilePattern(text).with_expressions(expressions)
            shared = tuple(name for name in pattern.names if name in names)
            files: dict[tuple[str, ...], list[FoundPath]] = {}
            for file in pattern.find(root):
                key = tuple(file.groups[name] for name in shared)
                files.setdefault(key, []).append(replace(file, pattern=text))
            self._files.append((shared, files))

    def of(self, image: FoundPath) -> tuple[FoundPath, ...]:
        """Give the annotation files of an image; none where there are none."""
        return tuple(
            file
            for shared, files in self._files
            for file in files.get(tuple(image.groups.get(name, "") for name in shared), ())
        )
