# SPDX-License-Identifier: Apache-2.0
"""``medglip data build``: from downloaded data sets to one checked store."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from monai_medglip.cli.data_verbs.folder_words import any_folder, local_folder

if TYPE_CHECKING:
    from monai_medglip.data_engine.build.build_plan import PlannedSource

__all__ = ["add_parser", "run"]

_EXAMPLES = """examples:
  medglip data build kits23=/data/kits23 msd_liver=/data/Task03_Liver --out store
  medglip data build kits23=/data/kits23 --out store --processes 8
  medglip data build kits23=s3://bucket/kits23 --out store --scheduler tcp://head:8786
"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``build`` to those of ``medglip data``."""
    parser = verbs.add_parser(
        "build",
        help="build a checked store from downloaded data sets",
        description="Build a checked store from downloaded data sets. Started again after it was cut off, it does what "
        "is missing and gives the same bytes.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sources", nargs="+", metavar="NAME=FOLDER", help="data set (see: sources) and where it lies")
    parser.add_argument("--out", type=local_folder, required=True, metavar="STORE", help="folder of the store")
    parser.add_argument(
        "--work", type=local_folder, metavar="DIR", help="folder for what is done so far (default: STORE.work)"
    )
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="processes of this machine (default: 1)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster, such as tcp://host:8786")
    parser.add_argument("--waivers", type=Path, metavar="YAML", help="findings that may pass, with reasons")
    parser.add_argument("--no-hash", action="store_true", help="take no perceptual hashes: faster, no near duplicates")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Build, and print what the store holds; gives back 0."""
    from tqdm import tqdm

    from monai_medglip.data_engine.build.build_folder import BuildFolder
    from monai_medglip.data_engine.build.build_plan import BuildPlan
    from monai_medglip.data_engine.build.patient_hash import read_or_make_salt
    from monai_medglip.data_engine.build.schedulers import scheduler_for
    from monai_medglip.data_engine.build.whole_build import build_store
    from monai_medglip.data_engine.quality.waivers import Waivers

    scheduler = scheduler_for(arguments.processes, arguments.scheduler)
    work = arguments.work or arguments.out.with_name(f"{arguments.out.name}.work")
    plan = BuildPlan(
        tuple(map(_planned, arguments.sources)),
        read_or_make_salt(BuildFolder(work).salt_file),
        with_hash=not arguments.no_hash,
        waivers=Waivers.read(arguments.waivers) if arguments.waivers else Waivers(),
    )
    with tqdm(unit="image", desc="build") as bar:
        report = build_store(plan, arguments.out, work, scheduler=scheduler, progress=bar.update)
    counts = report.manifest.counts
    told = f"{counts['records']} images, {counts['regions']} regions, {counts['findings']} findings"
    print(f"{arguments.out}: {told}; {report.done_before} of {report.unit_count} units were done before")
    return 0


def _planned(text: str) -> PlannedSource:
    """Read ``NAME=FOLDER``; the folder may be an address of remote storage."""
    from monai_medglip.data_engine.build.build_plan import PlannedSource
    from monai_medglip.data_engine.cards import source_card
    from monai_medglip.data_engine.local_copy import storage_errors
    from monai_medglip.errors import ConfigurationError

    name, equals, place = text.partition("=")
    if not equals or not place:
        raise ConfigurationError(f"expected a data set as NAME=FOLDER, got {text!r}")
    with storage_errors(place if "://" in place else Path(place)):
        root = any_folder(place)
        if not root.is_dir():
            raise ConfigurationError(f"expected the folder of {name}, there is none at {place}")
    return PlannedSource(source_card(name), root)
