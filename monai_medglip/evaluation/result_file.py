# SPDX-License-Identifier: Apache-2.0
"""The one form of a committed result: where its numbers come from, and the numbers."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from monai_medglip.atomic_file import atomic_file

__all__ = ["machine_description", "result_head", "source_commit", "write_result"]

_DIGITS = 4


def result_head(command: str, *, bundle: Mapping[str, Any] | None, data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what every result file begins with.

    Args:
        command: the command that makes the file again, with paths relative to the checkout.
        bundle: model, version and checksums of the weights; None where no weights are used.
        data: what was measured on; None where nothing was read.
    """
    return {
        "command": command,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine_description(),
        "commit": source_commit(),
        "bundle": None if bundle is None else dict(bundle),
        "data": None if data is None else dict(data),
    }


def write_result(path: str | os.PathLike[str], head: Mapping[str, Any], results: Mapping[str, Any]) -> None:
    """Write a result file, whole or not at all; numbers are rounded to four digits and nan becomes null.

    Args:
        path: the JSON file.
        head: what :func:`result_head` gives.
        results: the numbers.

    Raises:
        OutputError: when the file cannot be written.
    """
    text = json.dumps({**head, "results": _plain(results)}, indent=1, ensure_ascii=False, allow_nan=False)
    with atomic_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def machine_description() -> str:
    """Return processor, cores, accelerator and the versions that move figures, in one line."""
    import torch

    accelerator = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    return (
        f"{_processor()}, {os.cpu_count()} cores, {accelerator}, {platform.system()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )


def source_commit() -> str | None:
    """Return the commit of the checkout that this package runs from, "+changes" if edited; None when installed."""
    folder = Path(__file__).resolve().parents[1]
    if _git(folder, "ls-files", "--error-unmatch", str(Path(__file__).resolve())) is None:
        return None  # installed, perhaps below somebody else's checkout
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", str(folder))
    return f"{commit}+changes" if changed else commit


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _plain(value: Any) -> Any:
    """Return JSON's own types, with rounded numbers."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, float):
        return round(value, _DIGITS) if value == value and abs(value) != float("inf") else None
    return value
