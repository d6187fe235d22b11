# SPDX-License-Identifier: Apache-2.0
"""Independent validators of DICOM objects: dciodvfy (dicom3tools), dsrdump (DCMTK) and PixelMed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

# Debian's place for Java libraries
_PIXELMED = Path("/", "usr", "share", "java", "pixelmed.jar")


def said(*command: object) -> subprocess.CompletedProcess[str]:
    """What a validator prints; the test is skipped where it is not installed."""
    words = [*map(str, command)]
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=240)


def pixelmed_said(path: Path) -> str:
    """What PixelMed says of a structured report."""
    if not _PIXELMED.is_file():
        pytest.skip(f"{_PIXELMED.name} is not installed (Debian: libpixelmed-java)")
    # its style sheet is over the limits that Java sets for XPath since version 17
    unlimited = [f"-Djdk.xml.xpath{limit}Limit=0" for limit in ("ExprGrp", "ExprOp", "TotalOp")]
    process = said("java", *unlimited, "-cp", _PIXELMED, "com.pixelmed.validate.DicomSRValidator", path)
    return process.stdout + process.stderr
