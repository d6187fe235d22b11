# SPDX-License-Identifier: Apache-2.0
"""``medglip data privacy-scan``: whether a store says anything that headers of the images said, or a list names."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monai_medglip.data_engine.privacy import Identifier, ScanReport

__all__ = ["add_parser", "run"]

_EXAMPLES = """examples:
  medglip data privacy-scan built --raw dicom/
  medglip data privacy-scan built --identifiers patients.txt

It ends with 1 when something is found. Pixels are not looked at: see the check "burned-in text" of medglip data check.
"""

_MOST_SHOWN = 50


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``privacy-scan`` to those of ``medglip data``."""
    parser = verbs.add_parser(
        "privacy-scan",
        help="look for names, dates, numbers and other header values of the input in a store",
        description="Look in every file of a folder, in Parquet columns and archives too, for what the DICOM headers "
        "of the input say or what a list names. Words that are found are not printed, only what they are.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="store, shards or export to look through")
    parser.add_argument("--raw", type=Path, nargs="+", default=[], metavar="DIR", help="folders of the DICOM input")
    parser.add_argument("--identifiers", type=Path, metavar="FILE", help="words to look for, one a line (UTF-8)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Look, and print where something is; gives back 1 when there is anything.

    Raises:
        ConfigurationError: when nothing tells what to look for.
    """
    from tqdm import tqdm

    from monai_medglip.data_engine.cards import source_names
    from monai_medglip.data_engine.privacy import header_values, privacy_scan
    from monai_medglip.errors import ConfigurationError
    from monai_medglip.ontology import Ontology

    wanted = {value for raw in arguments.raw for value in header_values(raw)}
    wanted |= _listed(arguments.identifiers) if arguments.identifiers else set()
    if not wanted:
        raise ConfigurationError(
            "expected words to look for: DICOM files below the folders of --raw, or lines in the file of --identifiers"
        )
    own_words = {concept.name for concept in Ontology.default()} | set(source_names())
    report = privacy_scan(
        arguments.folder, wanted, own_words=own_words, progress=lambda files: tqdm(files, unit="file", desc="scan")
    )
    return _tell(report)


def _listed(file: Path) -> set[Identifier]:
    from monai_medglip.data_engine.privacy import Identifier
    from monai_medglip.errors import ConfigurationError

    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: expected a text file with a word in each line, but {error}") from error
    return {Identifier(line.strip(), "listed word") for line in lines if line.strip()}


def _tell(report: ScanReport) -> int:
    for leak in report.leaks[:_MOST_SHOWN]:
        print(f"{leak.file}{', ' * bool(leak.place)}{leak.place}: {leak.identifier.hint}, {leak.count} times")
    if len(report.leaks) > _MOST_SHOWN:
        print(f"and {len(report.leaks) - _MOST_SHOWN} more")
    print(f"{report.file_count} files, {report.sought} words looked for: {len(report.leaks)} found")
    for kind, count in Counter(one.kind for one in report.passed_over).most_common():
        print(f"not looked for, too short or a word of the ontology: {count} of {kind}", file=sys.stderr)
    return 1 if report.leaks else 0
