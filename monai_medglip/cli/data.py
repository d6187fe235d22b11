# SPDX-License-Identifier: Apache-2.0
"""``medglip data``: finds the verb of the data engine, which is the module of its name in `data_verbs`."""

from __future__ import annotations

import argparse
import importlib

__all__ = ["VERBS", "add_parser"]

#: The verbs, in the order of the help text. A new verb is a module of this name in ``data_verbs`` and a word here.
VERBS = (
    "sources",
    "ontology",
    "build",
    "check",
    "stats",
    "browse",
    "export",
    "from_huggingface",
    "copy",
    "privacy_scan",
)

_EXAMPLES = """examples:
  medglip data sources kits23    how to get a public data set, and what it gives
  medglip data ontology lung    what a concept is, its parts, and what is found in it
"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``data`` with its own verbs to the command line."""
    parser = verbs.add_parser(
        "data",
        help="look at, build and check data sets",
        description="Look at, build and check data sets of regions that phrases name.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data_verbs = parser.add_subparsers(dest="data_verb", metavar="VERB", required=True, title="verbs")
    for verb in VERBS:
        importlib.import_module(f"monai_medglip.cli.data_verbs.{verb}").add_parser(data_verbs)
