# SPDX-License-Identifier: Apache-2.0
"""Whether there is room on the disk for one more series."""

from __future__ import annotations

import shutil
from pathlib import Path

from apps.medglip_pacs.errors import LaterError

__all__ = ["check_room", "used_share"]


def used_share(folder: Path) -> float:
    """Return the share of the disk under a folder that is taken, as its user sees it."""
    disk = shutil.disk_usage(folder)
    return 1 - disk.free / (disk.used + disk.free)


def check_room(folder: Path, *, needed_bytes: int, high_water: float) -> None:
    """Check that a series can be put on the disk.

    Args:
        folder: where it is to go.
        needed_bytes: how much room it takes [bytes].
        high_water: share of the disk that may be taken afterwards.

    Raises:
        LaterError: when there is no room.
    """
    disk = shutil.disk_usage(folder)
    room = disk.free - (1 - high_water) * (disk.used + disk.free)
    if needed_bytes > room:
        raise LaterError(
            f"the disk is at its high-water mark: {used_share(folder):.0%} taken, {high_water:.0%} allowed"
        )
