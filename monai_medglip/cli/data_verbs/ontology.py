# SPDX-License-Identifier: Apache-2.0
"""``medglip data ontology``: browses the concepts that phrases can name, from the body region down."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monai_medglip.ontology import Ontology

__all__ = ["add_parser", "run"]

_EXAMPLES = """examples:
  medglip data ontology               how many concepts there are, and the body regions they lie in
  medglip data ontology chest cavity  a concept or a body region, in any spelling
  medglip data ontology --json lung   the same for other programs
"""

_DEPTH = 2
"""Steps down from a concept in its tree; what is deeper is counted."""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``ontology`` to those of ``medglip data``."""
    parser = verbs.add_parser(
        "ontology",
        help="browse the concepts: what one is, its parts, what is found in it, its names and codes",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", nargs="*", metavar="NAME", help="a concept or a body region; none: an overview")
    parser.add_argument("--language", metavar="CODE", default="en", help="language of NAME, such as de; default: en")
    parser.add_argument("--json", action="store_true", help="write JSON for other programs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what the ontology knows of a name; gives back 0.

    Raises:
        OntologyError: when the name is neither a concept nor a body region, or the language has no table.
    """
    from monai_medglip.ontology import Level, Ontology

    ontology = Ontology.default()
    name = " ".join(arguments.words)
    concept = ontology.resolve(name, arguments.language)
    if not name:
        told, text = _overview(ontology), _overview_text
    elif concept is None and name in ontology.body_regions:
        told, text = _region(ontology, name), _region_text
    elif concept is not None and concept.level is Level.BODY_REGION and concept.name in ontology.body_regions:
        told = {**_concept(ontology, concept.name), **_region(ontology, concept.name)}
        text = _place_text
    else:
        told, text = _concept(ontology, ontology[name if concept is None else concept.name].name), _concept_text
    print(json.dumps(told, indent=2, ensure_ascii=False) if arguments.json else text(ontology, told))
    return 0


def _overview(ontology: Ontology) -> dict[str, Any]:
    from monai_medglip.ontology import Level

    levels = Counter(concept.level for concept in ontology)
    regions = {
        region: sum(region in ontology.body_regions_of(c.name) for c in ontology) for region in ontology.body_regions
    }
    return {
        "concepts": len(ontology),
        "levels": {level.value: levels[level] for level in Level},
        "body_regions": regions,
        "languages": list(ontology.languages),
    }


def _overview_text(ontology: Ontology, told: dict[str, Any]) -> str:
    return "\n".join(
        [
            f"{told['concepts']} concepts: " + ", ".join(f"{count} {level}" for level, count in told["levels"].items()),
            f"names in {', '.join(told['languages'])}",
            "",
            "body regions, and how many concepts lie in each:",
            *(f"  {region:<16}{count:>6}" for region, count in told["body_regions"].items()),
        ]
    )


def _region(ontology: Ontology, region: str) -> dict[str, Any]:
    from monai_medglip.ontology import Level

    by_level: dict[str, list[str]] = {}
    for name in ontology.in_region(region):
        by_level.setdefault(ontology[name].level.value, []).append(name)
    return {
        "body_region": region,
        "also_shows": sorted(ontology.shown_with(region) - {region}),
        "concepts": {level.value: by_level[level.value] for level in Level if level.value in by_level},
    }


def _region_text(ontology: Ontology, told: dict[str, Any]) -> str:
    lines = [f"images of the {told['body_region']} may also show: {', '.join(told['also_shows']) or 'nothing else'}"]
    for level, names in told["concepts"].items():
        lines += ["", f"{level}:", *(f"  {name}{_below(ontology, name)}" for name in names)]
    return "\n".join(lines)


def _place_text(ontology: Ontology, told: dict[str, Any]) -> str:
    return f"{_concept_text(ontology, told)}\n\n{_region_text(ontology, told)}"


def _concept(ontology: Ontology, name: str) -> dict[str, Any]:
    concept = ontology[name]
    return {
        "name": name,
        "level": concept.level.value,
        "path": list(ontology.path(name)),
        "is_a": list(concept.is_a),
        "part_of": list(concept.part_of),
        "located_in": list(concept.located_in),
        "side": concept.side.value,
        "mirror": ontology.mirror(name),
        "synonyms": [*concept.synonyms, *concept.adjectives],
        "plural": list(concept.plural),
        "held_out": list(concept.held_out_names),
        "modalities": sorted(modality.value for modality in ontology.modalities_of(name)),
        "body_regions": sorted(ontology.body_regions_of(name)),
        "codes": [asdict(code) for code in concept.codes],
        "languages": {code: said for code in ontology.languages[1:] if (said := ontology.name_in(name, code))},
        "kinds": list(ontology.children(name)),
        "parts": list(ontology.parts(name)),
        "found_in_it": list(ontology.contents(name)),
        "data_sets": _data_sets(ontology, name),
    }


def _data_sets(ontology: Ontology, name: str) -> list[str]:
    """The data sets with a card that label the concept or a kind of it."""
    from monai_medglip.data_engine.cards import source_cards

    wanted = {name, *ontology.descendants(name)}
    return [card.name for card in source_cards().values() if not wanted.isdisjoint(card.concepts)]


def _concept_text(ontology: Ontology, told: dict[str, Any]) -> str:
    codes = [
        f"{c['scheme']} {c['value']} {c['meaning']}" + (f", {m}" if (m := c["modifier_meaning"]) else "")
        for c in told["codes"]
    ]
    facts = {
        "path": " > ".join(told["path"]),
        "is a": ", ".join(told["is_a"]),
        "part of": ", ".join(told["part_of"]),
        "found in": ", ".join(told["located_in"]),
        "side": "" if told["side"] == "none" else f"{told['side']}, mirror: {told['mirror'] or 'none'}",
        "names": ", ".join(told["synonyms"]),
        "plural": ", ".join(told["plural"]),
        "held out": ", ".join(told["held_out"]),
        "seen by": ", ".join(told["modalities"]),
        "lies in": ", ".join(told["body_regions"]),
        "codes": "; ".join(codes),
        "languages": ", ".join(f"{code}: {said}" for code, said in told["languages"].items()),
        "data sets": ", ".join(told["data_sets"]),
    }
    lines = [f"{told['name']} ({told['level']})", *(f"  {word:<10} {text}" for word, text in facts.items() if text)]
    tree = list(_tree(ontology, told["name"], depth=_DEPTH, indent="  "))
    return "\n".join([*lines, *(["", *tree] if tree else [])])


def _tree(ontology: Ontology, name: str, depth: int, indent: str) -> Iterator[str]:
    """What is one of a concept, part of it and found in it, a line each, and below each the same of it.

    What hangs below another line as well (a left atrium below the atria) is left to that line.
    """
    relations = {"kind": ontology.children, "part": ontology.parts, "holds": ontology.contents}
    related = [(relation, other) for relation, give in relations.items() for other in give(name)]
    names = {other for _, other in related}
    for relation, other in related:
        concept = ontology[other]
        if names.isdisjoint((*concept.is_a, *concept.part_of, *concept.located_in)):
            yield f"{indent}{relation:<5}  {other}{_below(ontology, other) if depth == 1 else ''}"
            if depth > 1:
                yield from _tree(ontology, other, depth - 1, f"{indent}       ")


def _below(ontology: Ontology, name: str) -> str:
    count = len({*ontology.children(name), *ontology.parts(name), *ontology.contents(name)})
    return f"  (+{count})" if count else ""
