# SPDX-License-Identifier: Apache-2.0
"""``medglip data export``: a store in the forms of others: COCO JSON, Hugging Face datasets, Croissant, a data card."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["FORMATS", "add_parser", "run"]

FORMATS = ("coco", "huggingface", "croissant", "card")

_EXAMPLES = """examples:
  medglip data export built --format coco --out coco
  medglip data export built --format huggingface --out hub --sources kvasir_seg busi
  medglip data export built --format croissant          writes built/croissant.json
  medglip data export built --format card               writes built/README.md
"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``export`` to those of ``medglip data``."""
    parser = verbs.add_parser(
        "export",
        help="write a data set for others: COCO JSON, Hugging Face datasets, Croissant, a data card",
        description="Write a data folder or store in a form that other programs read, or describe it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", metavar="DATA", help="data folder or store; croissant takes a store only")
    parser.add_argument("--format", choices=FORMATS, required=True, help="what to write")
    parser.add_argument(
        "--out", type=Path, metavar="PATH", help="new folder for coco and huggingface, file of the card"
    )
    parser.add_argument("--sources", nargs="+", metavar="NAME", help="data sets to export (default: all)")
    parser.add_argument("--name", help="what the set is called (default: the name of the folder)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Export, and print what was written; gives back 0.

    Raises:
        ConfigurationError: when words do not go together.
    """
    from monai_medglip.data_engine import open_grounding_data
    from monai_medglip.data_engine.interchange import write_coco, write_croissant, write_data_card, write_hugging_face
    from monai_medglip.data_engine.store.stored_data import StoredData
    from monai_medglip.errors import ConfigurationError

    data = open_grounding_data(arguments.data)
    name = arguments.name or data.path.resolve().name
    if arguments.format == "croissant":
        if arguments.sources or arguments.out or not isinstance(data, StoredData):
            raise ConfigurationError("expected a store to describe in Croissant, whole and in its own folder")
        print(write_croissant(data, name=name))
        return 0
    if arguments.format == "card":
        target = arguments.out or data.path / "README.md"
        write_data_card(data, target, name=name, sources=arguments.sources)
        print(target)
        return 0
    if arguments.out is None:
        raise ConfigurationError(f"expected a new folder as --out for the format {arguments.format}")
    write = write_coco if arguments.format == "coco" else write_hugging_face
    count = write(data, arguments.out, sources=arguments.sources)
    print(f"{arguments.out}: {count} images")
    return 0
