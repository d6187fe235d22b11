# SPDX-License-Identifier: Apache-2.0
"""Patterns of paths with named parts: what a data set calls its files, and the parts of a path as words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from monai_medglip.data_engine.adapters.template import template_names
from monai_medglip.errors import ConfigurationError

__all__ = ["FilePattern", "FoundPath"]

# A name in braces, perhaps with an expression behind a colon that may itself hold pairs of braces.
_TOKEN = re.compile(r"\{(?P<name>[^{}:]+)(?::(?P<expression>(?:[^{}]|\{[^{}]*\})*))?\}|(?P<star>\*)")


@dataclass(frozen=True)
class FoundPath:
    """A path that a pattern fits.

    Args:
        path: the path.
        groups: the words that the pattern's named parts stand for.
        pattern: the pattern's text.
    """

    path: Path
    groups: Mapping[str, str]
    pattern: str = ""


@dataclass(frozen=True)
class FilePattern:
    """A path below the folder of a data set, with parts that differ from file to file.

    ``{name}`` stands for one or more signs of a file's or folder's name, and for the same ones wherever it stands
    again; ``{name:expression}`` for what a regular expression fits; ``*`` for any signs; ``**`` for any folders.

    Args:
        text: the pattern, parts of the path divided by ``/``.

    Raises:
        ConfigurationError: when it is empty, leaves the folder, or an expression is none.

    Example:
        >>> pattern = FilePattern("{patient}/{patient}-{sequence:t1n|t2w}.nii.gz")
        >>> pattern.names
        ('patient', 'sequence')
        >>> pattern.match("p7/p7-t2w.nii.gz")
        {'patient': 'p7', 'sequence': 't2w'}
    """

    text: str

    def __post_init__(self) -> None:
        """Check that the pattern stays below its folder and that its expressions can be read."""
        if not self.text.strip("/") or self.text.startswith("/") or ".." in self.text.split("/"):
            raise ConfigurationError(f"expected a pattern of paths below the data set's folder, got {self.text!r}")
        try:
            for part in self._parts:
                _expression(part, {})
        except re.error as problem:
            raise ConfigurationError(f"expected regular expressions in the pattern {self.text!r}: {problem}") from None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The named parts in order."""
        return template_names(self.text)

    @property
    def expressions(self) -> dict[str, str]:
        """The regular expressions that named parts must fit, by name."""
        return {token["name"]: token["expression"] for token in _TOKEN.finditer(self.text) if token["expression"]}

    def with_expressions(self, expressions: Mapping[str, str]) -> FilePattern:
        """Give the same pattern with expressions for the named parts that have none.

        Example:
            >>> FilePattern("{id}_mask.png").with_expressions({"id": "[0-9]+"}).text
            '{id:[0-9]+}_mask.png'
        """

        def token_text(token: re.Match[str]) -> str:
            added = None if token["expression"] else expressions.get(token["name"] or "")
            return token[0] if added is None else f"{{{token['name']}:{added}}}"

        return FilePattern(_TOKEN.sub(token_text, self.text))

    @property
    def is_template(self) -> bool:
        """Whether the names alone settle the path: no stars and no expressions."""
        return not any(token["star"] or token["expression"] for token in _TOKEN.finditer(self.text))

    def match(self, path: str) -> dict[str, str] | None:
        """Give the words of a path relative to the data set's folder, or None where the pattern does not fit."""
        return _match(self._parts, tuple(path.split("/")), {})

    def find(self, root: Path, known: Mapping[str, str] | None = None) -> Iterator[FoundPath]:
        """Give the paths that the pattern fits in the order of their names; names with a leading dot are passed over.

        Args:
            root: the folder of the data set; only names are looked at.
            known: what some named parts must be.
        """
        for path, groups in _find(root, self._parts, dict(known or {})):
            yield FoundPath(path, groups, self.text)

    @cached_property
    def _parts(self) -> tuple[str, ...]:
        return tuple(_split(self.text))


def _split(text: str) -> Iterator[str]:
    """Divide at slashes, except those inside of braces."""
    depth, start = 0, 0
    for place, sign in enumerate(text):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        if sign == "/" and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def _match(parts: tuple[str, ...], names: tuple[str, ...], known: dict[str, str]) -> dict[str, str] | None:
    if not parts:
        return None if names else known
    if parts[0] == "**":
        for skipped in range(len(names) + 1):
            found = _match(parts[1:], names[skipped:], known)
            if found is not None:
                return found
        return None
    words = _words(parts[0], names[0], known) if names else None
    return None if words is None else _match(parts[1:], names[1:], words)


def _find(folder: Path, parts: tuple[str, ...], known: dict[str, str]) -> Iterator[tuple[Path, dict[str, str]]]:
    first, rest = parts[0], parts[1:]
    if first == "**":
        yield from _find(folder, rest, known)
        for name in _visible_names(folder):
            if (folder / name).is_dir():
                yield from _find(folder / name, parts, known)
        return
    if not _TOKEN.search(first):
        if rest:
            yield from _find(folder / first, rest, known)
        elif (folder / first).exists():
            yield folder / first, known
        return
    for name in _visible_names(folder):
        words = _words(first, name, known)
        if words is None:
            continue
        if rest:
            yield from _find(folder / name, rest, words)
        else:
            yield folder / name, words


def _visible_names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    # A file where the pattern has a folder, or no such folder: the pattern does not fit there.
    except (NotADirectoryError, FileNotFoundError):
        return []


def _words(part: str, name: str, known: dict[str, str]) -> dict[str, str] | None:
    expression, names = _expression(part, known)
    found = expression.fullmatch(name)
    if found is None:
        return None
    return {**known, **dict(zip(names, found.groups(), strict=True))}


def _expression(part: str, known: Mapping[str, str]) -> tuple[re.Pattern[str], list[str]]:
    """Give one part of a path as a regular expression, and the names of its groups in order."""
    pieces, names, end = [], list[str](), 0
    for token in _TOKEN.finditer(part):
        pieces.append(re.escape(part[end : token.start()]))
        name = token["name"]
        if token["star"]:
            pieces.append(".*")
        elif name in known:
            pieces.append(re.escape(known[name]))
        elif name in names:
            pieces.append(f"(?P=g{names.index(name)})")
        else:
            # Groups inside of an expression would be counted as names.
            inner = re.sub(r"(?<!\\)\((?!\?)", "(?:", token["expression"] or ".+")
            pieces.append(f"(?P<g{len(names)}>{inner})")
            names.append(name)
        end = token.end()
    pieces.append(re.escape(part[end:]))
    return re.compile("".join(pieces)), names
