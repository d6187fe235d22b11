# SPDX-License-Identifier: Apache-2.0
"""``medglip data check``: looks for what is wrong with annotated images, and writes a page of it."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monai_medglip.data_engine.quality.report_page import QualityReport

__all__ = ["add_parser", "run"]


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``check`` to those of ``medglip data``."""
    parser = verbs.add_parser(
        "check",
        help="look for what is wrong with annotated images, and write a page of it",
        description="Look for what is wrong with annotated images: files, geometry, regions, anatomy, duplicates, "
        "patients in several splits, terms. Nothing is changed.",
        epilog="example: medglip data check shared/data/2d --out quality.html --waivers waivers.yaml",
    )
    parser.add_argument("data", metavar="DATA", help="store, shards or data folder")
    parser.add_argument("--out", type=Path, default=Path("quality.html"), metavar="HTML", help="the page")
    parser.add_argument("--waivers", type=Path, metavar="YAML", help="findings that may pass, with reasons")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings as JSON too")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check, write the page, print the counts; gives back 1 when a finding is not waived."""
    from tqdm import tqdm

    from monai_medglip.data_engine.open_data import open_grounding_data
    from monai_medglip.data_engine.quality.collection_report import check_data
    from monai_medglip.data_engine.quality.finding_file import write_findings
    from monai_medglip.data_engine.quality.report_page import QualityReport, write_report_page
    from monai_medglip.data_engine.quality.waivers import Waivers
    from monai_medglip.data_engine.source_terms import source_terms

    data = open_grounding_data(arguments.data)
    waivers = Waivers.read(arguments.waivers) if arguments.waivers else Waivers()
    licenses = {source: source_terms(data, source).license for source in data.sources}
    found = waivers.apply(check_data(data, licenses, progress=lambda records: tqdm(records, unit="image")))
    images = Counter(record.source for record in data.records())
    title = f"Quality of {Path(arguments.data).resolve().name}"
    report = QualityReport(title, tuple(found), images, tuple(waivers.unused(found)))
    write_report_page(arguments.out, report, data)
    if arguments.json:
        write_findings(arguments.json, found)
    return _tell(report, arguments.out)


def _tell(report: QualityReport, page: Path) -> int:
    """Print what is not waived, and give back whether there is any."""
    is_open = Counter(finding.check for finding in report.findings if finding.waived_by is None)
    for check, count in is_open.most_common():
        print(f"{count:6d}  {check}")
    print(f"{is_open.total():6d}  in all, {len(report.findings) - is_open.total()} waived; see {page}")
    for waiver in report.unused_waivers:
        print(f"the waiver of {waiver.check!r} for {waiver.source!r} covers nothing", file=sys.stderr)
    return 1 if is_open else 0
