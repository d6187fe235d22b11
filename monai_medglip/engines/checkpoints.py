# SPDX-License-Identifier: Apache-2.0
"""Finding the checkpoint that a stopped run goes on from; MONAI's CheckpointSaver and CheckpointLoader do the rest."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["latest_checkpoint"]

_EPOCH = re.compile(r"checkpoint_epoch=(\d+)\.pt$")


def latest_checkpoint(folder: str | Path) -> str | None:
    """Give the path of the newest ``checkpoint_epoch=N.pt`` in ``folder``, None when there is none.

    Example:
        >>> latest_checkpoint("no/such/folder") is None
        True
    """
    numbered = [(int(match[1]), path) for path in Path(folder).glob("*.pt") if (match := _EPOCH.search(path.name))]
    return str(max(numbered)[1]) if numbered else None
