# SPDX-License-Identifier: Apache-2.0
"""Drawings of several readers of one image, made into one per thing: what overlaps is the same thing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monai_medglip.imaging.mask_rle import MaskRLE

__all__ = ["agreed_mask", "same_things"]


def same_things(masks: Sequence[MaskRLE]) -> list[list[int]]:
    """Give the positions of the masks of each thing: those that overlap, also through others in between.

    Example:
        >>> masks = [MaskRLE.encode(np.array([row])) for row in ([1, 1, 0, 0], [0, 0, 0, 1], [0, 1, 1, 0])]
        >>> same_things(masks)
        [[0, 2], [1]]
    """
    boxes = [mask.box for mask in masks]
    things: list[list[int]] = []
    for place, mask in enumerate(masks):
        pixels = mask.decode()
        touched = [
            thing
            for thing in things
            if any(_overlap(boxes[place], boxes[other]) and (pixels & masks[other].decode()).any() for other in thing)
        ]
        things = [thing for thing in things if thing not in touched]
        things.append(sorted([place, *(other for thing in touched for other in thing)]))
    return sorted(things)


def agreed_mask(masks: Sequence[MaskRLE], readers: Sequence[int]) -> MaskRLE:
    """Give the pixels that at least half of the readers who drew a thing have inside.

    Args:
        masks: the drawings of one thing, which overlap.
        readers: who drew each; several drawings of one reader count once.
    """
    names = sorted(set(readers))
    votes = np.zeros(masks[0].shape, np.uint8)
    for name in names:
        own = [mask.decode() for mask, reader in zip(masks, readers, strict=True) if reader == name]
        votes += np.logical_or.reduce(own)
    return MaskRLE.encode(2 * votes >= len(names))


def _overlap(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> bool:
    dims = len(first) // 2
    return bool((np.maximum(first[:dims], second[:dims]) < np.minimum(first[dims:], second[dims:])).all())
