# SPDX-License-Identifier: Apache-2.0
"""Names of concepts in one language that is not English, one table per language; English names are in `concept`.

They are written out in full, side and all: no rule of English spelling is put upon another language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from monai_medglip.ontology.concept_row import split_cell
from monai_medglip.ontology.load_tables import raise_for_problems, read_table
from monai_medglip.ontology.table_rules import Problem

__all__ = ["LANGUAGE_COLUMNS", "LanguageNames"]

LANGUAGE_COLUMNS = ("concept", "name", "synonyms")

_SPACES = re.compile(r"[\s\-‐‑–]+")


@dataclass(frozen=True)
class LanguageNames:
    """What some concepts are called in a language.

    Attributes:
        language: its code of ISO 639-1, ``de``.
        names: by concept, the plainest first.
    """

    language: str
    names: Mapping[str, tuple[str, ...]]

    @classmethod
    def from_table(cls, path: Path, concepts: Container[str]) -> LanguageNames:
        """Read a table that is named after its language, ``de.tsv``.

        Raises:
            OntologyError: when a row names no concept, a concept twice, or a name that another concept has.
        """
        names: dict[str, tuple[str, ...]] = {}
        owners: dict[str, str] = {}
        problems: list[Problem] = []
        for place, cells in read_table(path, LANGUAGE_COLUMNS):
            concept, row_names = cells["concept"], (cells["name"], *split_cell(cells["synonyms"]))
            if concept not in concepts:
                problems.append((place, f"{concept!r} is no concept of the tables"))
            if concept in names:
                problems.append((place, f"{concept!r} has a row already"))
            if not cells["name"]:
                problems.append((place, f"{concept!r} needs a name"))
            for name in row_names:
                owner = owners.setdefault(_key(name), concept)
                if owner != concept:
                    problems.append((place, f"{name!r} of {concept!r} also names {owner!r}"))
            names[concept] = row_names
        raise_for_problems(path, problems)
        return cls(path.stem, names)

    def resolve(self, text: str) -> str | None:
        """Give the concept that a text names; case, spaces and hyphens make no difference."""
        return self._concepts.get(_key(text))

    @cached_property
    def _concepts(self) -> dict[str, str]:
        return {_key(name): concept for concept, names in self.names.items() for name in names}


def _key(text: str) -> str:
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()
