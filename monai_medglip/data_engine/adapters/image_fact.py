# SPDX-License-Identifier: Apache-2.0
"""Where a data set tells something of its images (patient, split, modality, ...): in names, a table, or lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from monai_medglip.data_engine.adapters.template import fill_template
from monai_medglip.data_engine.tables import read_table
from monai_medglip.errors import DataError

__all__ = ["FactOf", "FromLists", "FromNames", "FromTable", "ImageFact"]

FactOf = Callable[[Mapping[str, str]], str | None]
"""Gives the fact of the image whose named parts are given; None where it is not told."""


@dataclass(frozen=True)
class FromNames:
    """Told by the names of files and folders, or the same for all images.

    Args:
        text: a template such as ``{patient}``, or a word without names.
        words: what the source's words mean; others mean themselves.
    """

    SHORT_FORM: ClassVar[str] = "text"

    text: str
    words: Mapping[str, str] = field(default_factory=dict)

    def lookup(self, root: Path) -> FactOf:
        """Make the facts available; nothing is read from `root`."""

        def told(groups: Mapping[str, str]) -> str | None:
            word = fill_template(self.text, groups)
            return self.words.get(word, word) or None

        return told


@dataclass(frozen=True)
class FromTable:
    """Told by a column of a table.

    Args:
        table: the file, relative to the data set's folder.
        column: the column that tells.
        key_column: the column that names the image.
        key: how an image is named there, a template.
        delimiter: what stands between two cells.
        words: what the source's words mean; others mean themselves.
    """

    table: str
    column: str
    key_column: str
    key: str = "{id}"
    delimiter: str = ","
    words: Mapping[str, str] = field(default_factory=dict)

    def lookup(self, root: Path) -> FactOf:
        """Read the table.

        Raises:
            DataError: when it is not there, lacks a column, or tells two things of one image.
        """
        facts: dict[str, str] = {}
        for row in read_table(root / self.table, [self.key_column, self.column], delimiter=self.delimiter):
            name, word = row.required(self.key_column), row.optional(self.column) or ""
            if facts.setdefault(name, word) != word:
                row.fail(f"expected one {self.column!r} for {name!r}, got {word!r} and before it {facts[name]!r}")

        def told(groups: Mapping[str, str]) -> str | None:
            word = facts.get(fill_template(self.key, groups), "")
            return self.words.get(word, word) or None

        return told


@dataclass(frozen=True)
class FromLists:
    """Told by lists of images, a text file for each word.

    Args:
        lists: the files by the word that they stand for, relative to the data set's folder; one image a line.
        key: how an image is named there, a template.
    """

    lists: Mapping[str, str]
    key: str = "{id}"

    def lookup(self, root: Path) -> FactOf:
        """Read the lists.

        Raises:
            DataError: when one is not there, or an image stands in two of them.
        """
        facts: dict[str, str] = {}
        for word, name in self.lists.items():
            for number, entry in enumerate(_lines(root / name), start=1):
                if facts.setdefault(entry, word) != word:
                    raise DataError(
                        f"{root / name}, line {number}: expected every image in one list, {entry!r} is also in that of "
                        f"{facts[entry]!r}"
                    )
        return lambda groups: facts.get(fill_template(self.key, groups))


ImageFact = FromNames | FromTable | FromLists


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise DataError(f"{path}: expected a list of images, got: {problem}") from problem
    return [line.strip() for line in text.splitlines() if line.strip()]
