# SPDX-License-Identifier: Apache-2.0
"""Which slice of a scan a segmentation's frame or a contour belongs to: by its SOP instance, by its place, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["SliceFinder", "refuse_resampled"]

MOST_SLICES_APART = 0.25
"""How far from the middle of a slice something may lie that belongs to it, in slice distances."""


@dataclass(frozen=True)
class SliceFinder:
    """Finds slices of one scan.

    Args:
        by_instance: the slice by SOP instance and frame number (1 where instances have one frame).
        count: how many slices there are.
    """

    by_instance: Mapping[tuple[str, int], int]
    count: int

    @classmethod
    def of(cls, scan: Scan) -> SliceFinder:
        """Make the finder of a scan that was read from DICOM."""
        source = scan.source
        frames = source.frame_numbers or (1,) * len(source.sop_instance_uids)
        pairs = zip(source.sop_instance_uids, frames, strict=True)
        count = scan.spatial_shape[2] if scan.spatial_dims == 3 else 1
        return cls({pair: number for number, pair in enumerate(pairs)}, count)

    def find(self, instance: str | None, frame: int, place: float | None, where: str) -> int:
        """Give the number of a slice.

        Args:
            instance: the SOP instance that is referred to; None, or one that is not of the scan, where it is gone.
            frame: the frame number that is referred to.
            place: the index along the slices, or None where no place is told.
            where: what the message calls it.

        Raises:
            DataError: when neither tells, both contradict each other, or the place is between slices or outside.
        """
        told = self.by_instance.get((instance or "", frame))
        if place is None:
            if told is None:
                raise DataError(f"{where}: expected a reference to an image of the series or a place, got neither")
            return told
        number = round(place)
        if told is not None and told != number:
            raise DataError(
                f"{where}: expected one slice, its reference says slice {told} and its place slice {place:.2f}"
            )
        if not 0 <= number < self.count:
            raise DataError(
                f"{where}: expected a place inside the {self.count} slices of the series, got slice {place:.2f}; are "
                "slices missing, or is it of another series?"
            )
        if abs(place - number) > MOST_SLICES_APART:
            raise DataError(
                f"{where}: expected a place in a slice of the series, got {place:.2f}, between two; is it of another "
                "series, or were the slices resampled?"
            )
        return number


def refuse_resampled(scan: Scan, where: str) -> None:
    """Refuse a scan whose pixels are not those of its instances, for drawings that count pixels.

    Raises:
        DataError: when a gantry tilt was undone, which moves the pixels of a slice.
    """
    if scan.source.is_resampled:
        raise DataError(
            f"{where}: expected a series whose pixels are those of its files, those of {scan.source.path} were moved "
            "to undo a gantry tilt; drawings that count pixels do not fit it"
        )
