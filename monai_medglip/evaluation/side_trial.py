# SPDX-License-Identifier: Apache-2.0
"""Does the side matter? Of a pair whose two sides are both annotated, the best box must lie nearer the named one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monai_medglip.data_engine import Record
from monai_medglip.evaluation.share import Count, share
from monai_medglip.evaluation.trial_subject import TopBox

__all__ = ["SideTrial", "is_nearer"]


@dataclass
class SideTrial:
    """Collects one number per image and named side: 1 when the best box lies nearer that side's truth."""

    counts: list[Count] = field(default_factory=list)

    def add(self, record: Record, top: TopBox, *, named: Sequence[float], other: Sequence[float]) -> None:
        """Add the best box of a named side, with the true boxes ``(2D,)`` of that side and of the other."""
        right = top.box is not None and is_nearer(top.box, named, other)
        self.counts.append(Count(record.source, record.patient, float(right)))

    def results(self) -> dict[str, Any]:
        """Return the share of right sides, over all and per source."""
        sources = sorted({count.source for count in self.counts})
        per_source = {s: share([count for count in self.counts if count.source == s]) for s in sources}
        return {"all": share(self.counts), "per_source": per_source}


def is_nearer(box: ArrayLike, named: Sequence[float], other: Sequence[float]) -> bool:
    """Whether the center of a box ``(2D,)`` lies nearer the center of the first of two others.

    Example:
        >>> is_nearer([0, 0, 2, 2], [0, 0, 4, 4], [9, 0, 11, 2])
        True
    """
    centers = [np.reshape(edges, (2, -1)).mean(axis=0) for edges in (box, named, other)]
    return bool(np.linalg.norm(centers[0] - centers[1]) < np.linalg.norm(centers[0] - centers[2]))
