# SPDX-License-Identifier: Apache-2.0
"""What the application is told on the command line besides the SDK's own options, which it leaves to the SDK."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RunOptions"]

_DESCRIPTION = """Ground phrases in the series of a DICOM study and write results as DICOM.

Options of the SDK: -i FOLDER (input), -o FOLDER (output), -m FOLDER (a bundle, or a folder of bundles), -l LEVEL; or
HOLOSCAN_INPUT_PATH, HOLOSCAN_OUTPUT_PATH and HOLOSCAN_MODEL_PATH in the environment."""


@dataclass(frozen=True)
class RunOptions:
    """The options of one run.

    Attributes:
        argv: what is left for the SDK, the program's name first.
        phrases: asked instead of those of the rules; () for theirs.
        rules: file of selection rules, None for the default ones.
        profile: name of the destination's profile.
        device: torch device, None for a GPU where there is one.
    """

    argv: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    rules: Path | None = None
    profile: str = "ohif"
    device: str | None = None

    @classmethod
    def parse(cls, argv: Sequence[str]) -> RunOptions:
        """Take our own options out of a command line."""
        parser = argparse.ArgumentParser(
            prog="medglip_deploy", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        parser.add_argument("-p", "--phrase", action="append", default=[], metavar="TEXT", help="ask this; repeat it")
        parser.add_argument("--rules", type=Path, metavar="FILE", help="selection rules (default: those that ship)")
        parser.add_argument("--profile", default="ohif", metavar="NAME", help="ohif, pictures or research")
        parser.add_argument("--device", metavar="NAME", help="cpu or cuda (default: a GPU where there is one)")
        own, rest = parser.parse_known_args(list(argv[1:]))
        return cls((argv[0], *rest), tuple(own.phrase), own.rules, own.profile, own.device)
