# SPDX-License-Identifier: Apache-2.0
"""What is true of phrases in an image in the form of an answer, to be drawn or written beside a model's answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monai_medglip.data_engine.phrase_truth import PhraseTruth, Presence
from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Grounding, Status, Support
from monai_medglip.phrases import Phrase

__all__ = ["truth_grounding"]

_STATUS = {
    Presence.PRESENT: Status.FOUND,
    Presence.ABSENT_HARD: Status.ABSENT,
    Presence.ABSENT_EASY: Status.NOT_APPLICABLE,
    Presence.UNKNOWN: Status.UNSUPPORTED,
}
_PRESENCE = {Status.FOUND: 1.0, Status.ABSENT: 0.0}


def truth_grounding(frame: Frame, phrases: Sequence[Phrase], truths: Sequence[PhraseTruth]) -> Grounding:
    """Give the true regions of phrases as a grounding whose scores are 1.

    Args:
        frame: the grid of the image.
        phrases: P phrases.
        truths: what is true of each, as `phrase_truth` gives it.

    Returns:
        One row for each instance; presence is 1, 0, or NaN where it is not known.

    Raises:
        ValueError: when there is not one truth for each phrase.
    """
    instances = [(row, region) for row, truth in enumerate(truths) for region in truth.instances]
    status = tuple(_STATUS[truth.presence] for _, truth in zip(phrases, truths, strict=True))
    return Grounding(
        boxes=Boxes(np.array([region.box for _, region in instances]).reshape(-1, 2 * len(frame.shape)), frame),
        scores=np.ones(len(instances)),
        phrase_index=np.array([row for row, _ in instances], np.int64),
        phrases=tuple(phrases),
        presence=np.array([_PRESENCE.get(answer, np.nan) for answer in status]),
        status=status,
        support=(Support.VALIDATED,) * len(status),
        instance_masks=tuple(region.mask for _, region in instances),
        phrase_masks=tuple(truth.mask for truth in truths),
        provenance={"truth": True},
    )
