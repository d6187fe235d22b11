# SPDX-License-Identifier: Apache-2.0
"""Findings as a JSON list, for other programs and to be looked at beside the images."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai_medglip.atomic_file import atomic_file
from monai_medglip.data_engine.quality.finding import Finding, Stage
from monai_medglip.errors import DataError

__all__ = ["read_findings", "write_findings"]


def write_findings(path: str | os.PathLike[str], findings: Sequence[Finding]) -> None:
    """Write findings, whole or not at all.

    Raises:
        OutputError: when the file cannot be written.
    """
    rows = [{**vars(finding), "stage": finding.stage.value} for finding in findings]
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_findings(path: str | os.PathLike[str]) -> tuple[Finding, ...]:
    """Read what `write_findings` wrote.

    Raises:
        DataError: when the file cannot be read, or holds something else.
    """
    try:
        rows = json.loads(Path(path).read_text(encoding="utf-8"))
        return tuple(_finding(row) for row in rows)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{path}: expected findings as 'medglip data check --json FILE' writes them, but {error!r}"
        ) from error


def _finding(row: dict[str, Any]) -> Finding:
    return Finding(**{**row, "stage": Stage(row["stage"])})
