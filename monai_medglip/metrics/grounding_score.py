# SPDX-License-Identifier: Apache-2.0
"""One number in [0, 1] for choosing checkpoints while training; reports use the protocol of ``evaluation`` instead.

It is the mean of AP50 over phrases with boxes and of Dice over phrases with masks together; a phrase with both counts
twice. Rows are plain data, so
that processes can exchange them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from monai_medglip.metrics.average_precision import average_precision
from monai_medglip.metrics.box_matching import BoxMatches, match_boxes
from monai_medglip.metrics.dice import dice

__all__ = ["GroundingScore"]

_THRESHOLD = 0.5

Row = tuple[Hashable, BoxMatches | float]


class GroundingScore:
    """Collects what each phrase of each image got, and gives their mean.

    Attributes:
        rows: ``(phrase, matches or Dice)`` per image and phrase; extend it with the rows of other processes.

    Example:
        >>> score = GroundingScore()
        >>> score.add_boxes("heart", [[0, 0, 2, 2]], [0.9], truth=[[0, 0, 2, 2]])
        >>> score.add_mask("vessel", [[1, 1, 0]], [[0, 1, 1]])
        >>> score.compute()
        0.75
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.rows: list[Row] = list(rows)

    def add_boxes(
        self,
        phrase: Hashable,
        boxes: ArrayLike,
        scores: ArrayLike,
        *,
        truth: ArrayLike,
        ignore: ArrayLike | None = None,
    ) -> None:
        """Add the boxes of one phrase in one image; an image known to lack the phrase has no truth.

        Args:
            phrase: what the mean is taken over, e.g. ``(source, name)``.
            boxes: ``(N, 2D)``.
            scores: ``(N,)``.
            truth: ``(G, 2D)``.
            ignore: regions that count neither way, ``(M, 2D)``.
        """
        self.rows.append((phrase, match_boxes(boxes, scores, truth, ignore=ignore, thresholds=[_THRESHOLD])))

    def add_mask(self, phrase: Hashable, mask: ArrayLike, truth: ArrayLike) -> None:
        """Add the mask of one phrase in one image that shows it; an empty truth is left out."""
        if np.any(np.asarray(truth)):
            self.rows.append((phrase, dice(mask, truth)))

    def compute(self) -> float:
        """Return the mean over phrases that at least one image shows; 0.0 when there is none."""
        matches: dict[Hashable, list[BoxMatches]] = defaultdict(list)
        masks: dict[Hashable, list[float]] = defaultdict(list)
        for phrase, row in self.rows:
            if isinstance(row, BoxMatches):
                matches[phrase].append(row)
            else:
                masks[phrase].append(row)
        values = [average_precision(of_phrase, threshold=_THRESHOLD) for of_phrase in matches.values()]
        values += [float(np.mean(of_phrase)) for of_phrase in masks.values()]
        shown = [value for value in values if not np.isnan(value)]
        return float(np.mean(shown)) if shown else 0.0
