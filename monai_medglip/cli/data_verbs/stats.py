# SPDX-License-Identifier: Apache-2.0
"""``medglip data stats``: counts what a data set consists of, and writes a page of plots."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["add_parser", "run"]


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``stats`` to those of ``medglip data``."""
    parser = verbs.add_parser(
        "stats",
        help="count what a data set consists of, and write a page of plots",
        description="Count what a data set consists of: modalities, levels, labels, sizes, splits, sources and their "
        "terms. The page is one file that needs no other.",
        epilog="example: medglip data stats store --out statistics.html",
    )
    parser.add_argument("data", metavar="DATA", help="store, shards or data folder")
    parser.add_argument("--out", type=Path, default=Path("statistics.html"), metavar="HTML", help="the page")
    parser.add_argument("--title", metavar="TEXT", help="of the page (default: the name of DATA)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Count, write the page, print the figures at its head; gives back 0."""
    from tqdm import tqdm

    from monai_medglip.data_engine.data_tables import data_tables
    from monai_medglip.data_engine.open_data import open_grounding_data
    from monai_medglip.data_engine.statistics import collect_statistics, write_statistics_page

    data = open_grounding_data(arguments.data)
    tables = data_tables(data, progress=lambda records: tqdm(records, unit="image", desc="read"))
    statistics = collect_statistics(data, tables)
    write_statistics_page(arguments.out, statistics, title=arguments.title or Path(arguments.data).resolve().name)
    images, volumes = (statistics.record_count(spatial_dims=dims) for dims in (2, 3))
    told = f"{images:,} images, {volumes:,} volumes, {statistics.region_count:,} regions"
    print(f"{told}, {len(statistics.concepts):,} labels of {len(statistics.sources):,} sources; see {arguments.out}")
    return 0
