# SPDX-License-Identifier: Apache-2.0
"""How random views of an image are drawn: zoom, aspect, angle and place, never mirrored; nothing is sampled here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monai_medglip.errors import ConfigurationError

__all__ = ["ViewRanges"]


@dataclass(frozen=True)
class ViewRanges:
    """What views are drawn from.

    Attributes:
        zoom_range: of the image's size relative to the plain one; drawn evenly in its logarithm.
        aspect_range: of the first axis' scale relative to the others'; drawn evenly in its logarithm.
        rotation_degrees: the largest angle either way, in the plane of the first two axes [degrees].
        shift: the largest shift either way beyond what fits, as a share of the canvas.

    Raises:
        ConfigurationError: when a range is none.
    """

    zoom_range: tuple[float, float]
    aspect_range: tuple[float, float]
    rotation_degrees: float
    shift: float

    def __post_init__(self) -> None:
        """Refuse ranges that are not positive, or upside down."""
        for name in ("zoom_range", "aspect_range"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise ConfigurationError(f"expected {name} as (low, high) with 0 < low <= high, got ({low}, {high})")

    def draw(
        self,
        random: np.random.RandomState,
        content: Sequence[float],
        size: Sequence[int],
        *,
        largest_zoom: float = float("inf"),
    ) -> np.ndarray:
        """Draw a view; always as many numbers, so that one item's chance does not shift the next one's view.

        Args:
            random: where numbers come from.
            content: size of the image as it is plainly shown, zoom 1 (x, y[, z]) [canvas voxels].
            size: of the canvas (x, y[, z]).
            largest_zoom: a limit to the drawn zoom.

        Returns:
            ``(D + 1, D + 1)`` from canvas edges to edges of the plainly shown image: scale, turn and place.
        """
        plain, room, dims = np.asarray(content, dtype=np.float64), np.asarray(size, dtype=np.float64), len(size)
        zoom, aspect = (np.exp(random.uniform(*np.log(span))) for span in (self.zoom_range, self.aspect_range))
        scales = min(zoom, largest_zoom) * np.array([aspect**0.5, *[aspect**-0.5] * (dims - 1)])
        shown = scales * plain
        # Anywhere on the canvas where it is smaller, any part of it where it is larger, and a little over the rim.
        low = random.uniform(size=dims) * (room - shown) + random.uniform(-self.shift, self.shift, size=dims) * room
        turn = np.eye(dims)
        angle = np.radians(random.uniform(-self.rotation_degrees, self.rotation_degrees))
        turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        to_plain = np.eye(dims + 1)
        to_plain[:dims, :dims] = turn.T / scales[:, None]
        to_plain[:dims, dims] = plain / 2.0 - to_plain[:dims, :dims] @ (low + shown / 2.0)
        return to_plain
