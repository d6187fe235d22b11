# SPDX-License-Identifier: Apache-2.0
"""The program ``medglip``: finds the verb, runs it, and turns its outcome into an exit status.

What a verb does stands in the module of its name. Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from monai_medglip import __version__
from monai_medglip.errors import MedGLIPError

__all__ = ["VERBS", "build_parser", "main"]

#: The verbs, in the order of the help text. A new verb is a module of this name in this folder and a word here.
VERBS = ("ground", "demo", "train", "calibrate", "evaluate", "export", "data", "info")

_EXAMPLES = """examples:
  medglip ground chest.png -p heart -o out/           find what a phrase names
  medglip evaluate --data FOLDER --out quality.json   measure a model on labeled images
  medglip info --json                                 what is installed, for other programs
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line and give back its exit status.

    Args:
        words: the words after ``medglip``; those of the process when left out.

    Returns:
        0 when the verb did what was asked, 1 when it failed, 130 when the user interrupted it.

    Raises:
        SystemExit: with status 2 for wrong usage and 0 for ``--help`` and ``--version``, as argparse does.
    """
    arguments = build_parser().parse_args(words)
    try:
        return int(arguments.run(arguments))
    except MedGLIPError as error:
        print(f"medglip {arguments.verb}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"medglip {arguments.verb}: interrupted", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The parser with every verb, made without loading a heavy library."""
    parser = argparse.ArgumentParser(
        prog="medglip",
        description="Find the regions of a medical image that phrases name. For research; not a medical device.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"medglip {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, title="verbs")
    for verb in VERBS:
        importlib.import_module(f"monai_medglip.cli.{verb}").add_parser(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
