# SPDX-License-Identifier: Apache-2.0
"""``medglip data sources``: lists the public data sets that have a card, or says of one all that its card tells."""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monai_medglip.data_engine.cards import SourceCard

__all__ = ["add_parser", "run"]

_EXAMPLES = """examples:
  medglip data sources --modality MR --permissive    MR sets whose terms allow commercial use
  medglip data sources kits23                        how to get one, how it lies on disk, what it gives
"""

_COLUMNS = ("name", "modality", "dims", "body region", "concepts", "license", "access")
_WIDEST_CELL = 34


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``sources`` to those of ``medglip data``."""
    parser = verbs.add_parser(
        "sources",
        help="list public data sets, or show one: how to get it, its layout, its labels",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", help="a data set of the list")
    parser.add_argument("--modality", metavar="WORD", help="list those of a modality, such as CT or x-ray")
    parser.add_argument("--permissive", action="store_true", help="list those whose terms allow commercial use")
    parser.add_argument("--json", action="store_true", help="write JSON for other programs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a list or one card; gives back 0.

    Raises:
        ConfigurationError: for a data set without a card, or an unknown modality.
    """
    from monai_medglip.data_engine.cards import source_card, source_cards

    if arguments.name is not None:
        told = _told(source_card(arguments.name))
        print(json.dumps(told, indent=2) if arguments.json else _page(told))
        return 0
    cards = _chosen(source_cards().values(), arguments.modality, arguments.permissive)
    print(json.dumps([_told(card) for card in cards], indent=2) if arguments.json else _table(cards))
    return 0


def _chosen(cards: Iterable[SourceCard], modality: str | None, permissive: bool) -> list[SourceCard]:
    from monai_medglip.data_engine.cards import CommercialUse
    from monai_medglip.imaging import Modality

    wanted = None if modality is None else Modality.parse(modality)
    return [
        card
        for card in cards
        if (wanted is None or wanted in card.modalities)
        and (not permissive or card.commercial_use is CommercialUse.YES)
    ]


def _table(cards: list[SourceCard]) -> str:
    rows = [_COLUMNS, *(_row(card) for card in cards)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join([*lines, "", f"{len(cards)} data sets; 'medglip data sources NAME' tells more of one"])


def _row(card: SourceCard) -> tuple[str, ...]:
    return (
        card.name,
        "+".join(str(modality) for modality in card.modalities),
        "+".join(f"{dims}D" for dims in card.dims),
        ", ".join(card.body_regions),
        str(len(card.concepts)),
        textwrap.shorten(card.license, _WIDEST_CELL, placeholder=" ..."),
        card.access.value,
    )


def _told(card: SourceCard) -> dict[str, Any]:
    """Give what a card tells, with the data sets that share images, as values that JSON can hold."""
    from monai_medglip.data_engine.cards import overlapping_sets

    layout = card.layout
    return {
        "name": card.name,
        "title": card.title,
        "modalities": [str(modality) for modality in card.modalities],
        "dims": list(card.dims),
        "body_regions": list(card.body_regions),
        "size": card.size,
        "home": card.home,
        "license": card.license,
        "commercial_use": card.commercial_use.value,
        "access": card.access.value,
        "how_to_get": card.how_to_get,
        "on_disk": card.on_disk.splitlines(),
        "reader": layout.reader if layout else None,
        "layout_confirmed": layout.confirmed if layout else None,
        "splits": card.splits,
        "patients": card.patients,
        "labels": {label.value: label.concept for label in card.labels},
        "left_out": list(card.left_out),
        "exhaustive": list(card.exhaustive_concepts),
        "overlaps": overlapping_sets(card.name),
        "notes": list(card.notes),
        "citation": card.citation,
    }


def _page(told: dict[str, Any]) -> str:
    modalities, dims = ", ".join(told["modalities"]), " and ".join(f"{dims}D" for dims in told["dims"])
    sections = [
        ("", [f"{told['name']}: {told['title']}", f"{modalities}, {dims}, {', '.join(told['body_regions'])}"]),
        ("Size", [told["size"]]),
        ("Home", [told["home"]]),
        ("License", [f"{told['license']} (commercial use: {told['commercial_use']})"]),
        (f"How to get it ({told['access']})", [told["how_to_get"]]),
        ("On disk", [*told["on_disk"], f"({_reader(told)})"]),
        ("Splits", [told["splits"]]),
        ("Patients", [told["patients"]]),
        ("Labels", [value if value == name else f"{value} -> {name}" for value, name in told["labels"].items()]),
        ("Left out", told["left_out"]),
        ("Known absent where they are missing", [", ".join(told["exhaustive"])] if told["exhaustive"] else ["none"]),
        ("Shares images with", [f"{name}: {how}" for name, how in told["overlaps"].items()]),
        ("Notes", told["notes"]),
        ("Cite", [told["citation"]]),
    ]
    return "\n\n".join(_section(title, lines) for title, lines in sections if lines)


def _reader(told: dict[str, Any]) -> str:
    if told["reader"] is None:
        return "no reader for this form"
    return f"reader {told['reader']}; {'confirmed' if told['layout_confirmed'] else 'recalled, not confirmed'}"


def _section(title: str, lines: list[str]) -> str:
    width = max(shutil.get_terminal_size().columns, 60)
    if not title:
        return "\n".join(lines)
    folded = (textwrap.fill(line, width, initial_indent="  ", subsequent_indent="    ") for line in lines)
    return "\n".join([title, *folded])
