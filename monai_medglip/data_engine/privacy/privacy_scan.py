# SPDX-License-Identifier: Apache-2.0
"""Looking for identifiers in all files of a folder: their names, their texts, and the columns of their tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.privacy.file_texts import file_texts
from monai_medglip.data_engine.privacy.identifier import Identifier
from monai_medglip.errors import DataError

__all__ = ["Leak", "ScanReport", "privacy_scan"]


@dataclass(frozen=True)
class Leak:
    """An identifier that was found.

    Args:
        file: below the folder, with ``/`` between folders.
        place: where in the file: a column, a member; empty for a plain file.
        identifier: what was found.
        count: how often.
    """

    file: str
    place: str
    identifier: Identifier
    count: int


@dataclass(frozen=True)
class ScanReport:
    """What a scan found, and what it looked at.

    Args:
        leaks: in the order of the files.
        file_count: files that were looked through.
        sought: identifiers that were looked for.
        passed_over: those that are too short to be looked for, or words that the folder holds in its own right.
    """

    leaks: tuple[Leak, ...]
    file_count: int
    sought: int
    passed_over: tuple[Identifier, ...]


def privacy_scan(
    folder: Path,
    identifiers: Iterable[Identifier],
    *,
    own_words: Collection[str] = (),
    progress: Callable[[Iterable[Path]], Iterable[Path]] = iter,
) -> ScanReport:
    """Look for identifiers in all files of a folder, whatever the case of letters.

    It proves nothing of pixels, nor of words that are spelled in another way than the identifiers.

    Args:
        folder: a store, shards, an export, or any other folder.
        identifiers: what must not be there, see `header_values`.
        own_words: words that may be there in their own right, such as concepts; an identifier that equals one is
            passed over.
        progress: is handed the files, and gives them on.

    Raises:
        DataError: when there is no such folder, or a file cannot be looked through.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: expected a folder to look through, there is none")
    known = {word.casefold() for word in own_words}
    wanted = sorted(set(identifiers), key=lambda one: (one.text, one.kind))
    sought = [one for one in wanted if one.is_long_enough and one.text.casefold() not in known]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    leaks = [leak for file in progress(files) for leak in _leaks(file, folder, sought)]
    return ScanReport(tuple(leaks), len(files), len(sought), tuple(one for one in wanted if one not in sought))


def _leaks(file: Path, folder: Path, sought: Iterable[Identifier]) -> list[Leak]:
    name = file.relative_to(folder).as_posix()
    counts: dict[tuple[str, Identifier], int] = {}
    for place, text in [("file name", name), *file_texts(file)]:
        folded = text.casefold()
        for identifier in sought:
            count = identifier.count_in(folded)
            if count:
                key = (place, identifier)
                counts[key] = counts.get(key, 0) + count
    return [Leak(name, place, identifier, count) for (place, identifier), count in counts.items()]
