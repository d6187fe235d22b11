# SPDX-License-Identifier: Apache-2.0
"""``medglip data browse``: serves a page to look at annotated images, to this machine alone."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

__all__ = ["add_parser", "run"]


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``browse`` to those of ``medglip data``."""
    parser = verbs.add_parser(
        "browse",
        help="look at images with their regions, phrases and findings on a local page",
        description="Look at images with their regions, phrases and findings on a page that this machine alone can "
        "open. Nothing is changed. It ends with Ctrl-C.",
        epilog="example: medglip data browse store --findings findings.json",
    )
    parser.add_argument("data", metavar="DATA", help="store, shards or data folder")
    parser.add_argument("--findings", type=Path, metavar="FILE", help="findings, as 'check --json FILE' writes them")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="of the page (default: a free one)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the address and serve until interrupted; gives back 0.

    Raises:
        ConfigurationError: when the extra ``data`` is not installed, or the port is taken.
        DataError: when there are no such data or findings.
    """
    from tqdm import tqdm

    from monai_medglip.data_engine.browser import BrowserServer, browser_app
    from monai_medglip.data_engine.data_tables import data_tables
    from monai_medglip.data_engine.open_data import open_grounding_data
    from monai_medglip.data_engine.quality.finding_file import read_findings

    data = open_grounding_data(arguments.data)
    findings = read_findings(arguments.findings) if arguments.findings else ()
    tables = data_tables(data, progress=lambda records: tqdm(records, unit="image", desc="read"))
    app = browser_app(data, tables, title=Path(arguments.data).resolve().name, findings=findings)
    server = BrowserServer(app, arguments.port)
    print(f"{server.url} shows {arguments.data}; end with Ctrl-C", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    print("ended", file=sys.stderr)
    return 0
