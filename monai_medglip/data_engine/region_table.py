# SPDX-License-Identifier: Apache-2.0
"""The regions of an image as one integer map and a table, the form in which transforms carry them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.record import Region, Truth
from monai_medglip.ontology.concept import Mirror

__all__ = ["RegionRow", "pack_regions"]

NO_CHANNEL = -1


@dataclass(frozen=True)
class RegionRow:
    """What the instance map does not say of a region.

    Args:
        concept: what it is.
        channel: the channel of the instance map that holds it; -1 where there is only a box.
        id: its value in that channel, its position in the table plus one.
        box: (2D,) voxel edges in the image as stored.
        area: pixels in the image as stored; 0 where there is only a box.
        truth: who drew it.
        mirror: what a reflection of the image does to its name.
        ignored: too small to count as an instance, yet not background.
    """

    concept: str
    channel: int
    id: int
    box: tuple[float, ...]
    area: int
    truth: Truth
    mirror: Mirror
    ignored: bool = False

    def __deepcopy__(self, memo: dict[int, object]) -> RegionRow:
        """Give itself: nothing in it can change, and MONAI's caches copy every item each time it is read."""
        return self

    @property
    def has_mask(self) -> bool:
        """Whether the instance map holds the region."""
        return self.channel != NO_CHANNEL


def pack_regions(
    regions: Sequence[Region], mirrors: Sequence[Mirror], shape: tuple[int, ...]
) -> tuple[npt.NDArray[np.int16], list[RegionRow]]:
    """Lay regions into as few channels as first-fit finds, so that none covers another.

    Args:
        regions: the regions of one image.
        mirrors: what a reflection does to each.
        shape: size of the image, (x, y[, z]).

    Returns:
        The map ``(K, *shape)``, 0 is background, K is at least 1; and one row per region, in the order of `regions`.
    """
    channels = [np.zeros(shape, np.int16)]
    rows = []
    for number, (region, mirror) in enumerate(zip(regions, mirrors, strict=True), start=1):
        channel, area = NO_CHANNEL, 0
        if region.mask is not None:
            window = _window(region.box)
            pixels = region.mask.decode()[window]
            channel, area = _first_free(channels, pixels, window), int(pixels.sum())
            channels[channel][window][pixels] = number
        rows.append(RegionRow(region.concept, channel, number, region.box, area, region.truth, mirror, region.ignored))
    return np.stack(channels), rows


def _window(box: tuple[float, ...]) -> tuple[slice, ...]:
    dims = len(box) // 2
    return tuple(slice(int(low), int(high)) for low, high in zip(box[:dims], box[dims:], strict=True))


def _first_free(channels: list[npt.NDArray[np.int16]], pixels: npt.NDArray[np.bool_], window: tuple[slice, ...]) -> int:
    for channel, taken in enumerate(channels):
        if not taken[window][pixels].any():
            return channel
    channels.append(np.zeros_like(channels[0]))
    return len(channels) - 1
