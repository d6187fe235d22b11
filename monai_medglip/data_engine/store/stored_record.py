# SPDX-License-Identifier: Apache-2.0
"""A record with all that a store keeps of an image, so that its place in space is known without opening its file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_medglip.data_engine.adapters.image_pixels import ImagePixels
from monai_medglip.data_engine.record import Record
from monai_medglip.geometry.frames import AxisPair, Frame

__all__ = ["PLAIN_PIXELS", "SlicePlace", "StoredRecord"]

PLAIN_PIXELS = ImagePixels()
"""What `read_image` gives, unchanged."""


@dataclass(frozen=True)
class SlicePlace:
    """Which slice of a volume an image is.

    Args:
        axis: the array axis that the slice stands across, 0 to 2.
        index: its number along that axis.
    """

    axis: int
    index: int


@dataclass(frozen=True)
class StoredRecord(Record):
    """One image of a store.

    Args:
        uri: where the pixels lie below the root of their source, with ``/`` between folders.
        affine: the upper three rows of the frame's affine one after the other, 12 numbers; None where it says nothing.
        known_axes: the patient's axes that the affine truly tells.
        spacing_known: whether the affine's lengths are real millimeters.
        pixels: how they are read from the file.
        slice_place: which slice of the volume behind ``uri`` the image is; None where it is the whole file.
        license: the terms of this image where they differ from those of its source.
        checksum: SHA-256 of the pixels in hex, the same for equal images.
        perceptual_hash: in hex, alike for images that look alike.
        attributes: what the source says of the image besides (view, sequence, report text); names are unique.
        number: position in the store; None before the record is in one.
        first_region: position of its first region in the store's table of regions.
        region_count: how many regions it has there.
    """

    uri: str
    affine: tuple[float, ...] | None = None
    known_axes: frozenset[AxisPair] = frozenset()
    spacing_known: bool = False
    pixels: ImagePixels = PLAIN_PIXELS
    slice_place: SlicePlace | None = None
    license: str | None = None
    checksum: str | None = None
    perceptual_hash: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    number: int | None = None
    first_region: int = 0
    region_count: int = 0

    @property
    def frame(self) -> Frame:
        """The image's place in space, with no more than is known of it.

        Raises:
            GeometryError: when the affine or the shape cannot be.
        """
        affine = np.eye(4)
        if self.affine is not None:
            affine[:3] = np.asarray(self.affine, dtype=np.float64).reshape(3, 4)
        return Frame(affine, self.shape, self.known_axes, self.spacing_known)
