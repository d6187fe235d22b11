# SPDX-License-Identifier: Apache-2.0
"""Reading and checking the concept table and the table of body regions; the format is in docs/reference/ontology.md."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from monai_medglip.errors import ConfigurationError, OntologyError
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology.concept import Code, Concept, Level, Side
from monai_medglip.ontology.name_forms import name_key, split_side

__all__ = ["BODY_REGION_COLUMNS", "CONCEPT_COLUMNS", "load_body_regions", "load_concepts"]

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
BODY_REGION_COLUMNS = ("name", "shows", "note")

NO_MIRROR = "-"
"""Written for a concept with a side that has no mirror image: the left atrium."""

_MAX_PROBLEMS_TOLD = 20


@dataclass(frozen=True)
class _Row:
    """One row of the concept table: its line in the file, and what it says."""

    line: int
    concept: Concept
    says_no_mirror: bool


_Problem = tuple[int, str]
_Value = TypeVar("_Value")


def load_body_regions(path: Path) -> dict[str, frozenset[str]]:
    """Give, for each body region, the regions whose contents an image of it may show, itself included.

    Raises:
        OntologyError: when the table cannot be read or names a region that it does not have.
    """
    lines = list(_read_table(path, BODY_REGION_COLUMNS))
    regions = {cells["name"]: frozenset((cells["name"], *_split(cells["shows"]))) for _, cells in lines}
    problems: list[_Problem] = []
    seen: dict[str, int] = {}
    for line, cells in lines:
        if cells["name"] in seen:
            problems.append((line, f"body region {cells['name']!r} is also in row {seen[cells['name']]}"))
        seen.setdefault(cells["name"], line)
        problems += [
            (line, f"shows {other!r}, which is no body region of this table")
            for other in _split(cells["shows"])
            if other not in regions
        ]
    _raise_for(path, problems)
    return regions


def load_concepts(path: Path, body_regions: Mapping[str, frozenset[str]]) -> dict[str, Concept]:
    """Give the concepts of a table by name, in the table's order, after checking every rule.

    Args:
        path: of the tab-separated table.
        body_regions: of `load_body_regions`.

    Raises:
        OntologyError: when the table cannot be read or breaks a rule; the message lists the rows.
    """
    rows: list[_Row] = []
    problems: list[_Problem] = []
    for line, cells in _read_table(path, CONCEPT_COLUMNS):
        try:
            rows.append(_Row(line, _concept(cells), cells["mirror_of"] == NO_MIRROR))
        except OntologyError as error:
            problems.append((line, str(error)))
    _raise_for(path, problems)
    concepts = {row.concept.name: row.concept for row in rows}
    for rule in (_names, _targets, _cycles, _sides, _mirrors, _codes):
        problems += rule(rows, concepts)
    problems += _regions(rows, body_regions)
    _raise_for(path, problems)
    return concepts


def _read_table(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OntologyError(f"expected a tab-separated table in UTF-8 at {path}; it cannot be read: {error}") from error
    lines = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    header = tuple(next(lines, ()))
    if header != columns:
        raise OntologyError(f"{path}: expected the columns {', '.join(columns)}; got {', '.join(header) or 'none'}")
    for number, cells in enumerate(lines, start=2):
        if not cells:
            continue
        if len(cells) != len(columns):
            raise OntologyError(
                f"{path}: row {number} must have {len(columns)} cells, got {len(cells)}; check its tabs"
            )
        yield number, {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}


def _concept(cells: Mapping[str, str]) -> Concept:
    name = cells["name"]
    if not name or name != " ".join(name.lower().split()):
        raise OntologyError(f"a name must be in lower case with single spaces, got {name!r}")
    mirror = cells["mirror_of"]
    return Concept(
        name=name,
        level=_word(Level, "level", cells["level"]),
        is_a=_split(cells["is_a"]),
        part_of=_split(cells["part_of"]),
        located_in=_split(cells["located_in"]),
        side=_word(Side, "side", cells["side"] or "none"),
        mirror_of=mirror if mirror not in ("", NO_MIRROR) else None,
        modalities=frozenset(_modality(code) for code in _split(cells["modalities"])),
        body_regions=frozenset(_split(cells["body_regions"])),
        synonyms=_split(cells["synonyms"]),
        held_out_names=_split(cells["held_out"]),
        plural=_split(cells["plural"]),
        adjectives=_split(cells["adjectives"]),
        codes=tuple(_code(text) for text in _split(cells["codes"])),
    )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _word(choices: Callable[[str], _Value], column: str, word: str) -> _Value:
    try:
        return choices(word)
    except ValueError as error:
        raise OntologyError(f"{column}: {error}") from error


def _modality(code: str) -> Modality:
    try:
        return Modality.parse(code)
    except ConfigurationError as error:
        raise OntologyError(f"modalities: {error}") from error


def _code(text: str) -> Code:
    """Read ``SCT 39607008 Lung`` or, with a modifier, ``SCT 39607008 Lung + 7771000 Left``."""
    kind, _, modifier = text.partition(" + ")
    parts, modifier_parts = kind.split(" ", 2), modifier.split(" ", 1)
    if len(parts) != 3 or len(modifier_parts) != (2 if modifier else 1):
        raise OntologyError(f"a code must read 'SCHEME VALUE MEANING' or '... + VALUE MEANING', got {text!r}")
    return Code(*parts, *(modifier_parts if modifier else ()))


def _names(rows: list[_Row], concepts: Mapping[str, Concept]) -> Iterator[_Problem]:
    """Each name belongs to one concept, and a held-out name is no spelling of a training name."""
    owners: dict[str, tuple[int, str, bool]] = {}
    for row in rows:
        names = [(name, False) for name in row.concept.training_names]
        names += [(name, True) for name in row.concept.held_out_names]
        for position, (name, held_out) in enumerate(names):
            key = name_key(name)
            line, owner, owner_held_out = owners.setdefault(key, (row.line, row.concept.name, held_out))
            repeated_name = position == 0 and line == row.line and owner != row.concept.name
            if not key or split_side(key)[1] == "":
                yield row.line, f"{name!r} holds no word that names a thing"
            elif line != row.line or repeated_name:
                yield row.line, f"{name!r} of {row.concept.name!r} also names {owner!r} (row {line})"
            elif held_out != owner_held_out:
                yield row.line, f"held-out name {name!r} is a spelling of a training name of {owner!r}"


def _targets(rows: list[_Row], concepts: Mapping[str, Concept]) -> Iterator[_Problem]:
    """A relation points at concepts of the table."""
    for row in rows:
        mirror = (row.concept.mirror_of,) if row.concept.mirror_of else ()
        for relation, targets in (
            ("is_a", row.concept.is_a),
            ("part_of", row.concept.part_of),
            ("located_in", row.concept.located_in),
            ("mirror_of", mirror),
        ):
            for target in targets:
                if target not in concepts:
                    yield row.line, f"{row.concept.name!r} {relation} {target!r}, which is no concept of this table"


def _cycles(rows: list[_Row], concepts: Mapping[str, Concept]) -> Iterator[_Problem]:
    """Nothing is, by is_a and part_of together, its own whole."""
    done: set[str] = set()
    lines = {row.concept.name: row.line for row in rows}

    def visit(name: str, path: tuple[str, ...]) -> Iterator[_Problem]:
        if name in path:
            yield lines[name], f"cycle: {' > '.join((*path[path.index(name) :], name))}"
        elif name in concepts and name not in done:
            for target in (*concepts[name].is_a, *concepts[name].part_of):
                yield from visit(target, (*path, name))
            done.add(name)

    for name in concepts:
        yield from visit(name, ())


def _sides(rows: list[_Row], concepts: Mapping[str, Concept]) -> Iterator[_Problem]:
    """A side in the name stands in the side column; a side has its mirror or says that it has none."""
    for row in rows:
        concept = row.concept
        told, _ = split_side(name_key(concept.name))
        if concept.side is Side.BOTH:
            yield row.line, f"{concept.name!r}: side must be left, right or empty; a concept of both sides has no side"
        elif told is not concept.side:
            yield row.line, f"{concept.name!r} tells the side {told.value!r}, its side column {concept.side.value!r}"
        elif concept.side is Side.NONE and (concept.mirror_of or row.says_no_mirror):
            yield row.line, f"{concept.name!r} has no side, so mirror_of must be empty"
        elif concept.side is not Side.NONE and not (concept.mirror_of or row.says_no_mirror):
            yield row.line, f"{concept.name!r} needs mirror_of: the concept of the other side, or {NO_MIRROR!r}"


def _mirrors(rows: list[_Row], concepts: Mapping[str, Concept]) -> Iterator[_Problem]:
    """Mirrors are mutual, of the same level, on opposite sides, and their names differ in the side words alone."""
    for row in rows:
        concept, mirror = row.concept, concepts.get(row.concept.mirror_of or "")
        if mirror is None:
            continue
        if mirror.mirror_of != concept.name:
            yield row.line, f"{concept.name!r} mirrors {mirror.name!r}, which mirrors {mirror.mirror_of!r}"
        elif mirror.side is not concept.side.opposite or mirror.level is not concept.level:
            yield row.line, f"{concept.name!r} and its mirror {mirror.name!r} need opposite sides and the same level"
        elif split_side(name_key(concept.name))[1] != split_side(name_key(mirror.name))[1]:
            yield row.line, f"{concept.name!r} and its mirror {mirror.name!r} differ in more than the side"


def _codes(rows: list[_Row], concepts: Mapping[str, Concept]) -> Iterator[_Problem]:
    """A code, with its modifier, belongs to one concept, which has one code per scheme."""
    owners: dict[tuple[str, str, str | None], _Row] = {}
    for row in rows:
        schemes = [code.scheme for code in row.concept.codes]
        for scheme in {scheme for scheme in schemes if schemes.count(scheme) > 1}:
            yield row.line, f"{row.concept.name!r} has more than one code of {scheme}"
        for code in row.concept.codes:
            owner = owners.setdefault((code.scheme, code.value, code.modifier_value), row)
            if owner is not row:
                yield (
                    row.line,
                    f"code {code.scheme} {code.value} also belongs to {owner.concept.name!r} (row {owner.line})",
                )


def _regions(rows: list[_Row], body_regions: Mapping[str, frozenset[str]]) -> Iterator[_Problem]:
    for row in rows:
        for region in sorted(row.concept.body_regions - body_regions.keys()):
            yield row.line, f"{row.concept.name!r} lies in {region!r}, which is no row of body_regions.tsv"


def _raise_for(path: Path, problems: list[_Problem]) -> None:
    if not problems:
        return
    told = [f"  row {line}: {message}" for line, message in sorted(problems)[:_MAX_PROBLEMS_TOLD]]
    more = len(problems) - len(told)
    told += [f"  and {more} more"] if more else []
    raise OntologyError(f"{path} breaks the rules of the concept tables; correct these rows:\n" + "\n".join(told))
