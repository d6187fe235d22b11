# SPDX-License-Identifier: Apache-2.0
"""The table of public data sets for docs/reference/data-sources.md, from their cards.

``--write PAGE`` fills in what stands between ``<!-- sources -->`` and ``<!-- end -->``; ``--check PAGE`` fails when
that is out of date.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from monai_medglip.data_engine.cards import SourceCard, source_cards

BLOCK = re.compile(r"(?<=<!-- sources -->\n).*?(?=<!-- end -->)", re.DOTALL)
HEAD = ("name", "what", "modality", "dims", "body region", "concepts", "license", "commercial", "access", "reader")


def main(words: Sequence[str] | None = None) -> int:
    """Check or fill in a page; gives back 1 when it is out of date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", type=Path, metavar="PAGE")
    action.add_argument("--write", type=Path, metavar="PAGE")
    arguments = parser.parse_args(words)
    page = arguments.check or arguments.write
    text = page.read_text(encoding="utf-8")
    filled = BLOCK.sub(lambda _: f"\n{table(source_cards().values())}\n\n", text)
    if arguments.write:
        page.write_text(filled, encoding="utf-8")
    elif filled != text:
        print(f"{page}: out of date, run: python .ci/data_sources.py --write {page}", file=sys.stderr)
        return 1
    return 0


def table(cards: Iterable[SourceCard]) -> str:
    """Give a row per card."""
    rows = [HEAD, ("---",) * len(HEAD), *(_row(card) for card in cards)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(card: SourceCard) -> tuple[str, ...]:
    return (
        f"`{card.name}`",
        card.title,
        ", ".join(str(modality) for modality in card.modalities),
        ", ".join(f"{dims}D" for dims in card.dims),
        ", ".join(card.body_regions),
        str(len(card.concepts)),
        card.license,
        card.commercial_use.value,
        card.access.value,
        _reader(card),
    )


def _reader(card: SourceCard) -> str:
    if card.layout is None:
        return "none"
    return f"`{card.layout.reader}`" + ("" if card.layout.confirmed else " (recalled)")


if __name__ == "__main__":
    sys.exit(main())
