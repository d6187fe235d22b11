# SPDX-License-Identifier: Apache-2.0
"""What the rows of the concept tables must hold together; what one cell must hold is `concept_row`'s matter.

A rule gives the place of each row that breaks it, with a message.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from monai_medglip.ontology.concept import Concept, Side
from monai_medglip.ontology.concept_row import NO_MIRROR, ConceptRow
from monai_medglip.ontology.name_forms import name_key, split_side

__all__ = ["Problem", "broken_rules"]

Problem = tuple[str, str]
"""Place of a row, and what is wrong with it."""


def broken_rules(rows: Sequence[ConceptRow], body_regions: Container[str]) -> list[Problem]:
    """Give what is wrong with the rows of all concept tables together, in the rows' order.

    Args:
        rows: of all tables.
        body_regions: the names that the column ``body_regions`` may hold.
    """
    concepts = {row.concept.name: row.concept for row in rows}
    problems = [problem for rule in _RULES for problem in rule(rows, concepts)]
    problems += _regions(rows, body_regions)
    order = {row.place: position for position, row in enumerate(rows)}
    return sorted(problems, key=lambda problem: order[problem[0]])


def _names(rows: Sequence[ConceptRow], concepts: Mapping[str, Concept]) -> Iterator[Problem]:
    """Each name belongs to one concept, and a held-out name is no spelling of a training name."""
    owners: dict[str, tuple[str, str, bool]] = {}
    for row in rows:
        names = [(name, False) for name in row.concept.training_names]
        names += [(name, True) for name in row.concept.held_out_names]
        for position, (name, held_out) in enumerate(names):
            key = name_key(name)
            place, owner, owner_held_out = owners.setdefault(key, (row.place, row.concept.name, held_out))
            repeated_name = position == 0 and place == row.place and owner != row.concept.name
            if not key or split_side(key)[1] == "":
                yield row.place, f"{name!r} holds no word that names a thing"
            elif place != row.place or repeated_name:
                yield row.place, f"{name!r} of {row.concept.name!r} also names {owner!r} ({place})"
            elif held_out != owner_held_out:
                yield row.place, f"held-out name {name!r} is a spelling of a training name of {owner!r}"


def _targets(rows: Sequence[ConceptRow], concepts: Mapping[str, Concept]) -> Iterator[Problem]:
    """A relation points at concepts of the tables."""
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
                    yield row.place, f"{row.concept.name!r} {relation} {target!r}, which is no concept of the tables"


def _cycles(rows: Sequence[ConceptRow], concepts: Mapping[str, Concept]) -> Iterator[Problem]:
    """Nothing is, by the three relations together, its own whole."""
    done: set[str] = set()
    places = {row.concept.name: row.place for row in rows}

    def visit(name: str, path: tuple[str, ...]) -> Iterator[Problem]:
        if name in path:
            yield places[name], f"cycle: {' > '.join((*path[path.index(name) :], name))}"
        elif name in concepts and name not in done:
            for target in (*concepts[name].is_a, *concepts[name].part_of, *concepts[name].located_in):
                yield from visit(target, (*path, name))
            done.add(name)

    for name in concepts:
        yield from visit(name, ())


def _sides(rows: Sequence[ConceptRow], concepts: Mapping[str, Concept]) -> Iterator[Problem]:
    """A side in the name stands in the side column; a side has its mirror or says that it has none."""
    for row in rows:
        concept = row.concept
        told, _ = split_side(name_key(concept.name))
        if concept.side is Side.BOTH:
            yield row.place, f"{concept.name!r}: side must be left, right or empty; a concept of both sides has no side"
        elif told is not concept.side:
            yield row.place, f"{concept.name!r} tells the side {told.value!r}, its side column {concept.side.value!r}"
        elif concept.side is Side.NONE and (concept.mirror_of or row.says_no_mirror):
            yield row.place, f"{concept.name!r} has no side, so mirror_of must be empty"
        elif concept.side is not Side.NONE and not (concept.mirror_of or row.says_no_mirror):
            yield row.place, f"{concept.name!r} needs mirror_of: the concept of the other side, or {NO_MIRROR!r}"


def _mirrors(rows: Sequence[ConceptRow], concepts: Mapping[str, Concept]) -> Iterator[Problem]:
    """Mirrors are mutual, of the same level, on opposite sides, and their names differ in the side words alone."""
    for row in rows:
        concept, mirror = row.concept, concepts.get(row.concept.mirror_of or "")
        if mirror is None:
            continue
        if mirror.mirror_of != concept.name:
            yield row.place, f"{concept.name!r} mirrors {mirror.name!r}, which mirrors {mirror.mirror_of!r}"
        elif mirror.side is not concept.side.opposite or mirror.level is not concept.level:
            yield row.place, f"{concept.name!r} and its mirror {mirror.name!r} need opposite sides and the same level"
        elif split_side(name_key(concept.name))[1] != split_side(name_key(mirror.name))[1]:
            yield row.place, f"{concept.name!r} and its mirror {mirror.name!r} differ in more than the side"


def _codes(rows: Sequence[ConceptRow], concepts: Mapping[str, Concept]) -> Iterator[Problem]:
    """A code, with its modifier, belongs to one concept, which has one code per scheme."""
    owners: dict[tuple[str, str, str | None], ConceptRow] = {}
    for row in rows:
        schemes = [code.scheme for code in row.concept.codes]
        for scheme in sorted({scheme for scheme in schemes if schemes.count(scheme) > 1}):
            yield row.place, f"{row.concept.name!r} has more than one code of {scheme}"
        for code in row.concept.codes:
            owner = owners.setdefault((code.scheme, code.value, code.modifier_value), row)
            if owner is not row:
                told = f"{owner.concept.name!r} ({owner.place})"
                yield row.place, f"code {code.scheme} {code.value} also belongs to {told}"


_RULES = (_names, _targets, _cycles, _sides, _mirrors, _codes)


def _regions(rows: Sequence[ConceptRow], body_regions: Container[str]) -> Iterator[Problem]:
    for row in rows:
        for region in sorted(row.concept.body_regions):
            if region not in body_regions:
                yield row.place, f"{row.concept.name!r} lies in {region!r}, which is no row of body_regions.tsv"
