# SPDX-License-Identifier: Apache-2.0
"""Running a few lines of Python in a process of their own, where nothing is imported yet."""

from __future__ import annotations

import subprocess
import sys

#: Libraries that take seconds to import.
HEAVY = ("torch", "monai", "transformers", "matplotlib", "SimpleITK", "scipy", "ignite")


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    """The finished process that ran ``code`` with every warning turned into an error."""
    return subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)


def heavy_modules_after(code: str) -> set[str]:
    """Which heavy libraries are loaded once ``code`` has run in a fresh process."""
    watch = f"import sys; print('LOADED', *[name for name in {HEAVY} if name in sys.modules])"
    process = run_python(f"{code}\n{watch}")
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""
    return set(process.stdout.rsplit("LOADED", maxsplit=1)[1].split())
