# SPDX-License-Identifier: Apache-2.0
"""``python -m apps.medglip_pacs``: run a worker, try it all on one machine, check settings, adopt lost jobs."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from apps.medglip_pacs.logs import set_up_logging
from apps.medglip_pacs.redaction import Redactor
from apps.medglip_pacs.serve import adopt, check, serve
from apps.medglip_pacs.settings import load_settings
from apps.medglip_pacs.trial import trial
from monai_medglip.errors import MedGLIPError

_logger = logging.getLogger("apps.medglip_pacs")


def main(words: list[str] | None = None) -> int:
    """Run one command, and return its exit status: 0 done, 1 failed."""
    arguments = _parser().parse_args(words)
    # A service manager's end is taken like Ctrl-C: uvicorn hands both on once it has stopped, and we close in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    redactor = Redactor()
    set_up_logging(redactor)
    try:
        if arguments.command == "trial":
            trial(
                arguments.folder,
                bundles=arguments.bundles,
                redactor=redactor,
                send=arguments.send,
                viewer=arguments.viewer,
            )
            return 0
        settings = load_settings(arguments.settings)
        if arguments.command == "serve":
            serve(settings, redactor=redactor)
        elif arguments.command == "check":
            check(settings)
        else:
            adopt(settings, arguments.worker)
    except KeyboardInterrupt:
        return 0
    except MedGLIPError as error:
        _logger.error("%s", error)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m apps.medglip_pacs", description="Grounding behind a PACS.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in (
        ("serve", "run a worker with its status page, until it is told to stop"),
        ("check", "check settings and secrets, and whether Orthanc answers and knows the destinations"),
        ("adopt", "queue again what a worker had begun that will not come back"),
    ):
        command = commands.add_parser(name, help=what, description=what)
        command.add_argument("settings", type=Path, metavar="SETTINGS", help="YAML file of settings")
        if name == "adopt":
            command.add_argument("worker", metavar="WORKER", help="name of the lost worker")
    what = "start an Orthanc and a worker on this machine, to see it work"
    command = commands.add_parser("trial", help=what, description=what)
    command.add_argument("folder", type=Path, metavar="FOLDER", help="folder for all that it writes")
    command.add_argument("--bundles", default="bundles", metavar="DIR", help="folder of bundles (default: bundles)")
    command.add_argument("--send", type=Path, metavar="DIR", help="folder of DICOM files to put into Orthanc at once")
    command.add_argument("--viewer", type=Path, metavar="DIR", help="folder of a built OHIF to serve besides")
    return parser


if __name__ == "__main__":
    sys.exit(main())
