# SPDX-License-Identifier: Apache-2.0
"""One row of a concept table: its cells as a concept; whether rows agree with each other is `table_rules`' matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from monai_medglip.errors import ConfigurationError, OntologyError
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology.concept import Code, Concept, Level, Side

__all__ = ["CONCEPT_COLUMNS", "NO_MIRROR", "ConceptRow", "read_modalities", "split_cell"]

CONCEPT_COLUMNS = (
    "name",
    "level",
    "is_a",
    "part_of",
    "located_in",
    "side",
    "mirror_of",
    "modalities",
    "body_regions",
    "synonyms",
    "held_out",
    "plural",
    "adjectives",
    "codes",
)

NO_MIRROR = "-"
"""Written for a concept with a side that has no mirror image: the left atrium."""

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class ConceptRow:
    """A row and where it stands, ``chest.tsv row 12``."""

    place: str
    concept: Concept
    says_no_mirror: bool

    @classmethod
    def from_cells(cls, place: str, cells: Mapping[str, str]) -> ConceptRow:
        """Read the cells of a row.

        Args:
            place: file and number of the row, for messages.
            cells: by the columns of `CONCEPT_COLUMNS`.

        Raises:
            OntologyError: when a cell does not hold what its column asks for; the message does not tell the place.
        """
        return cls(place, _concept(cells), cells["mirror_of"] == NO_MIRROR)


def split_cell(cell: str) -> tuple[str, ...]:
    """Give the values of a cell, which are parted by ``|``."""
    return tuple(part.strip() for part in cell.split("|") if part.strip())


@lru_cache(maxsize=1024)
def read_modalities(cell: str) -> frozenset[Modality]:
    """Give the modalities of a cell.

    Raises:
        OntologyError: when a code is no modality.
    """
    try:
        return frozenset(Modality.parse(code) for code in split_cell(cell))
    except ConfigurationError as error:
        raise OntologyError(f"modalities: {error}") from error


def _concept(cells: Mapping[str, str]) -> Concept:
    name = cells["name"]
    if not name or name != " ".join(name.lower().split()):
        raise OntologyError(f"a name must be in lower case with single spaces, got {name!r}")
    mirror = cells["mirror_of"]
    return Concept(
        name=name,
        level=_word(Level, "level", cells["level"]),
        is_a=split_cell(cells["is_a"]),
        part_of=split_cell(cells["part_of"]),
        located_in=split_cell(cells["located_in"]),
        side=_word(Side, "side", cells["side"] or "none"),
        mirror_of=mirror if mirror not in ("", NO_MIRROR) else None,
        modalities=read_modalities(cells["modalities"]),
        body_regions=frozenset(split_cell(cells["body_regions"])),
        synonyms=split_cell(cells["synonyms"]),
        held_out_names=split_cell(cells["held_out"]),
        plural=split_cell(cells["plural"]),
        adjectives=split_cell(cells["adjectives"]),
        codes=tuple(_code(text) for text in split_cell(cells["codes"])),
    )


def _word(choices: Callable[[str], _Value], column: str, word: str) -> _Value:
    try:
        return choices(word)
    except ValueError as error:
        raise OntologyError(f"{column}: {error}") from error


def _code(text: str) -> Code:
    """Read ``SCT 39607008 Lung`` or, with a modifier, ``SCT 39607008 Lung + 7771000 Left``."""
    kind, _, modifier = text.partition(" + ")
    parts, modifier_parts = kind.split(" ", 2), modifier.split(" ", 1)
    if len(parts) != 3 or len(modifier_parts) != (2 if modifier else 1):
        raise OntologyError(f"a code must read 'SCHEME VALUE MEANING' or '... + VALUE MEANING', got {text!r}")
    return Code(*parts, *(modifier_parts if modifier else ()))
