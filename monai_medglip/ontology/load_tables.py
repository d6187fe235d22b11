# SPDX-License-Identifier: Apache-2.0
"""Reading and checking the tables of concepts and body regions; the format is in docs/reference/ontology.md."""

from __future__ import annotations

import csv
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from monai_medglip.errors import OntologyError
from monai_medglip.ontology.body_region import BodyRegion
from monai_medglip.ontology.concept import Concept
from monai_medglip.ontology.concept_row import CONCEPT_COLUMNS, ConceptRow, read_modalities, split_cell
from monai_medglip.ontology.table_rules import Problem, broken_rules

__all__ = ["BODY_REGION_COLUMNS", "load_body_regions", "load_concepts", "raise_for_problems", "read_table"]

BODY_REGION_COLUMNS = ("name", "shows", "open_to", "note")

_MAX_PROBLEMS_TOLD = 20


def load_body_regions(path: Path) -> dict[str, BodyRegion]:
    """Give the body regions of a table by name, in the table's order.

    Raises:
        OntologyError: when the table cannot be read or names a region that it does not have.
    """
    lines = list(read_table(path, BODY_REGION_COLUMNS))
    names = [cells["name"] for _, cells in lines]
    problems: list[Problem] = []
    regions: dict[str, BodyRegion] = {}
    for (place, cells), name in zip(lines, names, strict=True):
        if name in regions:
            problems.append((place, f"body region {name!r} is also in row {names.index(name) + 2}"))
        unknown = [other for other in split_cell(cells["shows"]) if other not in names]
        problems += [(place, f"shows {other!r}, which is no body region of this table") for other in unknown]
        shows = frozenset((name, *split_cell(cells["shows"])))
        regions[name] = BodyRegion(name, shows, read_modalities(cells["open_to"]))
    raise_for_problems(path, problems)
    return regions


def load_concepts(tables: Sequence[Path], body_regions: Container[str]) -> dict[str, Concept]:
    """Give the concepts of some tables by name, in the tables' order, after checking every rule over all of them.

    Args:
        tables: tab-separated files; a row may speak of the concepts of another.
        body_regions: names of `load_body_regions`.

    Raises:
        OntologyError: when a table cannot be read or breaks a rule; the message lists the rows.
    """
    rows: list[ConceptRow] = []
    problems: list[Problem] = []
    for path in tables:
        for place, cells in read_table(path, CONCEPT_COLUMNS):
            try:
                rows.append(ConceptRow.from_cells(place, cells))
            except OntologyError as error:
                problems.append((place, str(error)))
    folder = tables[0].parent if tables else Path()
    raise_for_problems(folder, problems)
    raise_for_problems(folder, broken_rules(rows, body_regions))
    return {row.concept.name: row.concept for row in rows}


def read_table(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """Give the rows of a tab-separated table: the place of each, ``chest.tsv row 12``, and its cells by column.

    Raises:
        OntologyError: when the file is no such table or a row has other cells than the header.
    """
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
        yield f"{path.name} row {number}", {c: cell.strip() for c, cell in zip(columns, cells, strict=True)}


def raise_for_problems(path: Path, problems: Sequence[Problem]) -> None:
    """Raise one error that tells the first of some problems, or do nothing when there are none.

    Raises:
        OntologyError: when there is a problem.
    """
    if not problems:
        return
    told = [f"  {place}: {message}" for place, message in problems[:_MAX_PROBLEMS_TOLD]]
    more = len(problems) - len(told)
    told += [f"  and {more} more"] if more else []
    raise OntologyError(f"{path} breaks the rules of the tables; correct these rows:\n" + "\n".join(told))
