# SPDX-License-Identifier: Apache-2.0
"""From the network's logits to scored boxes on the canvas: the post-processing that all callers share.

The final score is alignment x quality (DESIGN of the project, after GLIP and FCOS), optionally x presence. Scores here
are raw; `calibration` turns them into probabilities.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from monai_medglip.errors import ConfigurationError
from monai_medglip.geometry.overlap import non_max_suppression

__all__ = ["CandidateSettings", "Candidates", "select_candidates"]


@dataclass(frozen=True)
class CandidateSettings:
    """How candidates are chosen; chosen on validation data and kept in the bundle. ConfigurationError out of range.

    Attributes:
        overlap_threshold: of two boxes of a phrase that overlap more, only the better one is kept, IoU in [0, 1].
        before_suppression: best points per phrase that are looked at.
        per_phrase: boxes per phrase that are kept.
        presence_power: 0 leaves presence out of the box score, 1 multiplies by it.
    """

    overlap_threshold: float = 0.6
    before_suppression: int = 300
    per_phrase: int = 100
    presence_power: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.overlap_threshold <= 1 or not self.presence_power >= 0:
            raise ConfigurationError(
                f"expected an IoU in [0, 1] and a power from 0, got overlap_threshold {self.overlap_threshold} and "
                f"presence_power {self.presence_power}"
            )
        if self.before_suppression < 1 or self.per_phrase < 1:
            raise ConfigurationError(
                f"expected at least one box per phrase, got before_suppression {self.before_suppression} and "
                f"per_phrase {self.per_phrase}"
            )


@dataclass(frozen=True)
class Candidates:
    """Scored boxes of one image, best first within each phrase.

    Attributes:
        boxes: ``(n, 2D)`` canvas edges, clipped to the valid region.
        scores: ``(n,)`` raw scores in [0, 1].
        phrase: ``(n,)`` int64.
    """

    boxes: Tensor
    scores: Tensor
    phrase: Tensor


def select_candidates(
    prediction: dict[str, Tensor],
    valid_region: Tensor,
    settings: CandidateSettings | None = None,
    *,
    least_score: float = 0.0,
) -> Iterator[Candidates]:
    """Give the candidates of each image of a batch.

    Args:
        prediction: the network's dictionary.
        valid_region: ``(B, 2D)`` canvas edges of the image content.
        settings: how they are chosen.
        least_score: raw score below which only the best box of each phrase is given. The others are what they are
            without it, since no box is suppressed by one with a lower score.

    Yields:
        `Candidates` of one image after another.
    """
    settings = settings or CandidateSettings()
    score = prediction["alignment"].sigmoid() * prediction["quality"].sigmoid()
    if settings.presence_power:
        score = score * prediction["presence"].sigmoid()[..., None] ** settings.presence_power
    count = min(settings.before_suppression, score.shape[2])
    best, point = score.float().topk(count, dim=2)
    boxes = prediction["boxes"].float().gather(2, point[..., None].expand(*point.shape, valid_region.shape[1]))
    for index, valid in enumerate(prediction.get("phrase_valid", torch.ones_like(score[..., 0], dtype=torch.bool))):
        inside = _inside(boxes[index], best[index], valid, valid_region[index])
        yield _suppressed(_above(inside, least_score), settings)


def _inside(boxes: Tensor, scores: Tensor, valid: Tensor, region: Tensor) -> Candidates:
    """The boxes ``(P, n, 2D)`` of phrases that are there, clipped to the region; what lies outside of it is dropped."""
    dims = len(region) // 2
    phrase = torch.arange(len(boxes), device=boxes.device)[:, None].expand_as(scores)
    rows = valid[:, None].expand_as(scores).flatten()
    boxes, scores, phrase = boxes.flatten(0, 1)[rows], scores.flatten()[rows], phrase.flatten()[rows]
    low = torch.maximum(boxes[:, :dims], region[:dims].float())
    high = torch.minimum(boxes[:, dims:], region[dims:].float())
    inside = (high > low).all(1)
    return Candidates(torch.cat([low, high], 1)[inside], scores[inside], phrase[inside])


def _above(found: Candidates, least_score: float) -> Candidates:
    """The boxes, phrase after phrase with the best first, that reach a score, and the best of each phrase."""
    wanted = found.scores >= least_score
    wanted[:1] = True
    wanted[1:] |= found.phrase[1:] != found.phrase[:-1]
    return Candidates(found.boxes[wanted], found.scores[wanted], found.phrase[wanted])


def _suppressed(found: Candidates, settings: CandidateSettings) -> Candidates:
    """What is left when better boxes of a phrase have removed those that overlap them."""
    boxes, scores, phrase = found.boxes, found.scores, found.phrase
    kept = non_max_suppression(boxes, scores, threshold=settings.overlap_threshold, groups=phrase)
    kept = kept[_rank_in_group(phrase[kept]) < settings.per_phrase]
    kept = kept[torch.argsort(phrase[kept], stable=True)]
    return Candidates(boxes[kept], scores[kept], phrase[kept])


def _rank_in_group(groups: Tensor) -> Tensor:
    """For rows in score order, how many rows of the same group come before each."""
    order = torch.argsort(groups, stable=True)
    sorted_groups = groups[order]
    starts = torch.searchsorted(sorted_groups, sorted_groups, right=False)
    rank = torch.empty_like(groups)
    rank[order] = torch.arange(len(groups), device=groups.device) - starts
    return rank
