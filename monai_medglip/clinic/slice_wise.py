# SPDX-License-Identifier: Apache-2.0
"""A volume asked slice by slice, with a bundle for images, and its answers put together again in the volume's grid.

Such a bundle was validated on slices, so its answers are those of slices: nothing is ever said to be absent from the
volume. Regions of one phrase that overlap on slices next to each other, or nearly so, become one region.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Grounding, Status
from monai_medglip.imaging import MaskRLE, Scan

__all__ = ["ground_slices", "slice_of"]

_LEAST_OVERLAP = 0.25
"""Share of the smaller box that two boxes on different slices must have in common to be of one region."""
_MOST_LEFT_OUT = 2
"""Slices on which a region may be missed between two on which it was found."""


def ground_slices(scan: Scan, ask: Callable[[Scan], Grounding]) -> Grounding:
    """Ask every slice along the last axis.

    Args:
        scan: a volume.
        ask: answers the same phrases in an image.

    Returns:
        One grounding of the volume, with the highest score and presence of the slices; single regions have no masks.
    """
    slices = [ask(slice_of(scan, z)) for z in range(scan.spatial_shape[2])]
    first = slices[0]
    runs = [run for index in range(len(first.phrases)) for run in _runs(slices, index)]
    return Grounding(
        boxes=Boxes(np.array([run.box for run in runs]).reshape(-1, 6), scan.frame),
        scores=np.array([run.score for run in runs]),
        phrase_index=np.array([run.phrase for run in runs], np.int64),
        phrases=first.phrases,
        presence=_highest(np.stack([found.presence for found in slices])),
        status=tuple(_status([found.status[index] for found in slices]) for index in range(len(first.phrases))),
        support=first.support,
        phrase_masks=tuple(_stacked(slices, index, scan.frame) for index in range(len(first.phrases))),
        provenance={**first.provenance, "asked": "slice by slice"},
    )


def slice_of(scan: Scan, index: int) -> Scan:
    """Give one slice along the last axis of a volume as an image in its place."""
    affine = scan.frame.affine.copy()
    affine[:3, 3] += index * affine[:3, 2]
    frame = Frame(affine, scan.spatial_shape[:2], scan.frame.known_axes, scan.frame.spacing_known)
    return replace(scan, array=np.ascontiguousarray(scan.array[..., index]), frame=frame)


@dataclass
class _Run:
    """A region while it grows from slice to slice."""

    phrase: int
    score: float
    box: npt.NDArray[np.float64]
    last: npt.NDArray[np.float64]

    def goes_on(self, box: npt.NDArray[np.float64], z: int) -> bool:
        """Whether a box on slice z is of this region."""
        if not 0 <= z - self.box[5] <= _MOST_LEFT_OUT:
            return False
        sides = np.minimum(self.last[2:], box[2:]) - np.maximum(self.last[:2], box[:2])
        smaller = min(float(np.prod(one[2:] - one[:2])) for one in (self.last, box))
        return bool((sides > 0).all()) and float(np.prod(sides)) >= _LEAST_OVERLAP * smaller


def _runs(slices: Sequence[Grounding], phrase: int) -> list[_Run]:
    """The regions of a phrase, best first."""
    runs: list[_Run] = []
    for z, found in enumerate(slices):
        for row in np.flatnonzero(found.phrase_index == phrase):
            box, score = found.boxes.data[row], float(found.scores[row])
            grown = next((run for run in runs if run.goes_on(box, z)), None)
            whole = np.array([*box[:2], z, *box[2:], z + 1])
            if grown is None:
                runs.append(_Run(phrase, score, whole, box))
                continue
            grown.box = np.concatenate([np.minimum(grown.box[:3], whole[:3]), np.maximum(grown.box[3:], whole[3:])])
            grown.last, grown.score = box, max(grown.score, score)
    return sorted(runs, key=lambda run: -run.score)


def _status(answers: Sequence[Status]) -> Status:
    if Status.FOUND in answers:
        return Status.FOUND
    one = set(answers)
    return answers[0] if len(one) == 1 and Status.ABSENT not in one else Status.UNSUPPORTED


def _highest(presence: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(slices, P) as (P,), NaN where no slice has a number."""
    known = np.where(np.isnan(presence), -1.0, presence).max(axis=0)
    return np.where(known < 0, np.nan, known)


def _stacked(slices: Sequence[Grounding], phrase: int, frame: Frame) -> MaskRLE | None:
    masks = [found.phrase_masks[phrase] for found in slices]
    if not any(masks):
        return None
    volume = np.zeros(frame.shape, bool)
    for z, mask in enumerate(masks):
        if mask is not None:
            # Only what is set: slices lie across memory, and writing 300 of them whole took seconds.
            x, y = np.nonzero(mask.decode())
            volume[x, y, z] = True
    return MaskRLE.encode(volume)
