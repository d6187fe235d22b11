# SPDX-License-Identifier: Apache-2.0
"""The project's body region for DICOM's words on the body part; regions are not guessed from pictures here."""

from __future__ import annotations

import csv
import functools
from pathlib import Path

__all__ = ["body_region"]

_BODY_PARTS = Path(__file__).with_name("body_parts.tsv")


def body_region(body_part_examined: str) -> str | None:
    """Give the body region for BodyPartExamined, None where it is empty, unknown or several regions.

    Example:
        >>> body_region("UP_EXM"), body_region("Abdomen")
        (None, 'abdomen')
    """
    return _body_parts().get(body_part_examined.upper().replace("_", "").replace(" ", ""))


@functools.cache
def _body_parts() -> dict[str, str]:
    with _BODY_PARTS.open(encoding="utf-8", newline="") as file:
        return {row["body_part"]: row["body_region"] for row in csv.DictReader(file, delimiter="\t")}
