# SPDX-License-Identifier: Apache-2.0
"""``medglip data from-huggingface``: a store out of what ``export --format huggingface`` wrote."""

from __future__ import annotations

import argparse

from monai_medglip.cli.data_verbs.folder_words import local_folder

__all__ = ["add_parser", "run"]


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``from-huggingface`` to those of ``medglip data``."""
    parser = verbs.add_parser(
        "from-huggingface",
        help="make a store of an export for Hugging Face datasets",
        description="Make a store, with its pixels, of what 'export --format huggingface' wrote.",
        epilog="example: medglip data from-huggingface hub/ --out built",
    )
    parser.add_argument("dataset", metavar="DATASET", help="folder, or name on the Hub")
    parser.add_argument("--out", type=local_folder, required=True, metavar="STORE", help="new folder of the store")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make the store, and print what it holds; gives back 0."""
    from monai_medglip.data_engine.interchange import store_from_hugging_face

    counts = store_from_hugging_face(arguments.dataset, arguments.out).counts
    print(f"{arguments.out}: {counts['records']} images, {counts['regions']} regions")
    return 0
