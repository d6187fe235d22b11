# SPDX-License-Identifier: Apache-2.0
"""A DICOM SEG on the grid of its series: binary, fractional and label map segments, overlapping ones included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.dicom_slices import SliceFinder
from monai_medglip.data_engine.adapters.slice_stack import mask_of_slices
from monai_medglip.errors import DataError
from monai_medglip.imaging.label_runs import masks_of_labels
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["segmentation_annotations"]

MOST_PIXELS_APART = 0.1
"""How far a frame's first pixel may lie from one of the series, and its last one from where it should be, in pixels."""

FRACTION_INSIDE = 0.5
"""The share from which on a pixel of a fractional segmentation is inside."""

_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


def segmentation_annotations(segmentation: Any, scan: Scan, where: str) -> tuple[Annotation, ...]:
    """Give one annotation for each segment that has at least one pixel.

    Args:
        segmentation: highdicom's object.
        scan: the series.
        where: the file, for messages.

    Raises:
        DataError: when frames are not on the pixels of the series, or lie in no slice of it.
    """
    labels = {int(entry.SegmentNumber): str(entry.SegmentLabel) for entry in segmentation.SegmentSequence}
    frames = _Frames(segmentation, scan, where)
    masks = frames.label_map_masks() if segmentation.SegmentationType == "LABELMAP" else frames.segment_masks()
    annotations = []
    for number, mask in masks:
        if number not in labels:
            raise DataError(f"{where}: expected the numbers of segments {sorted(labels)}, a frame has {number}")
        annotations.append(Annotation(labels[number], mask=mask, attributes=_told(segmentation, number)))
    return tuple(annotations)


class _Frames:
    """The frames of a segmentation, and where on the grid of a scan they lie.

    Args:
        segmentation: highdicom's object.
        scan: the series.
        where: the file, for messages.
    """

    def __init__(self, segmentation: Any, scan: Scan, where: str) -> None:
        self._segmentation, self._scan, self._where = segmentation, scan, where
        self._slices = SliceFinder.of(scan)
        self._groups = segmentation.PerFrameFunctionalGroupsSequence
        shared = segmentation.get("SharedFunctionalGroupsSequence") or [None]
        self._shared = shared[0]

    def segment_masks(self) -> Iterator[tuple[int, MaskRLE]]:
        """Give number and mask of each segment; one segment is in memory at a time."""
        numbers = [
            int(_macro(group, self._shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)
            for group in self._groups
        ]
        order = sorted(range(len(numbers)), key=lambda frame: numbers[frame])
        least = self._least_inside()
        for number, frames in groupby(order, key=lambda frame: numbers[frame]):
            stack = self._stack(0, bool)
            for frame in frames:
                self._place(frame, stack, self._segmentation.get_stored_frame(frame + 1) >= least)
            mask = mask_of_slices(stack, self._scan.spatial_shape)
            if mask is not None:
                yield number, mask

    def label_map_masks(self) -> Iterator[tuple[int, MaskRLE]]:
        """Give number and mask of each segment of a label map."""
        background = int(self._segmentation.get("PixelPaddingValue") or 0)
        stack = self._stack(background, np.uint16)
        for frame in range(len(self._groups)):
            self._place(frame, stack, self._segmentation.get_stored_frame(frame + 1))
        yield from masks_of_labels(stack.T.reshape(self._scan.spatial_shape), background).items()

    def _stack(self, value: int, kind: type) -> npt.NDArray[Any]:
        """Give slices (z, y, x); frames are written row by row, many times as fast as into the scan's own order."""
        width, height = self._scan.spatial_shape[:2]
        return np.full((self._slices.count, height, width), value, kind)

    def _least_inside(self) -> float:
        if self._segmentation.SegmentationType != "FRACTIONAL":
            return 1
        return FRACTION_INSIDE * float(self._segmentation.MaximumFractionalValue)

    def _place(self, frame: int, stack: npt.NDArray[Any], pixels: npt.NDArray[Any]) -> None:
        """Put a frame's pixels (rows, columns) where they belong; what lies outside of the scan is cut off."""
        where = f"{self._where}, frame {frame + 1}"
        group = self._groups[frame]
        column, row, number = self._first_pixel(group, pixels.shape, where)
        _, height, width = stack.shape
        x = slice(max(column, 0), min(column + pixels.shape[1], width))
        y = slice(max(row, 0), min(row + pixels.shape[0], height))
        if x.start < x.stop and y.start < y.stop:
            inside = pixels[y.start - row : y.stop - row, x.start - column : x.stop - column]
            # Two frames of one segment on one slice complete each other.
            stack[number, y, x] = inside if stack.dtype != bool else stack[number, y, x] | inside

    def _first_pixel(self, group: Any, size: Sequence[int], where: str) -> tuple[int, int, int]:
        """Give the indices (x, y, z) in the scan of a frame's first pixel."""
        instance, frame_number = _source_image(group)
        position = _macro(group, self._shared, "PlanePositionSequence")
        if position is None:
            if tuple(size[::-1]) != self._scan.spatial_shape[:2]:
                raise DataError(
                    f"{where}: expected frames of the size {self._scan.spatial_shape[:2]}, got {size[::-1]}"
                )
            return 0, 0, self._slices.find(instance, frame_number, None, where)
        corners = self._corner_indices(group, np.asarray(position.ImagePositionPatient, np.float64), size, where)
        first = corners[0].round()
        expected = first + np.array([[0, 0, 0], [size[1] - 1, 0, 0], [0, size[0] - 1, 0]])
        apart = np.abs(corners - expected)[:, :2].max()
        if apart > MOST_PIXELS_APART:
            raise DataError(
                f"{where}: expected frames on the pixels of the series, they lie up to {apart:.2f} pixels beside them "
                "(another size of pixels, another orientation, or shifted); resample the segmentation to the series"
            )
        number = self._slices.find(instance, frame_number, float(corners[:, 2].mean()), where)
        return int(first[0]), int(first[1]), number

    def _corner_indices(
        self, group: Any, position: npt.NDArray[np.float64], size: Sequence[int], where: str
    ) -> npt.NDArray[np.float64]:
        """Give the indices (3, 3) in the scan of a frame's first pixel, the last of its row, and of its column."""
        orientation = _macro(group, self._shared, "PlaneOrientationSequence")
        measures = _macro(group, self._shared, "PixelMeasuresSequence")
        if orientation is None or measures is None:
            raise DataError(f"{where}: expected orientation and pixel spacing beside a position, got none")
        along_row, along_column = np.asarray(orientation.ImageOrientationPatient, np.float64).reshape(2, 3)
        row_spacing, column_spacing = (float(length) for length in measures.PixelSpacing)
        ends = np.stack(
            [
                position,
                position + along_row * column_spacing * (size[1] - 1),
                position + along_column * row_spacing * (size[0] - 1),
            ]
        )
        affine = self._scan.frame.affine
        indices: npt.NDArray[np.float64] = np.linalg.solve(affine[:3, :3], (ends * _LPS_TO_RAS - affine[:3, 3]).T).T
        return indices


def _macro(group: Any, shared: Any, keyword: str) -> Any:
    """Give the first item of a functional group macro, the frame's own before the shared one; None without any."""
    for place in (group, shared):
        items = place.get(keyword) if place is not None else None
        if items:
            return items[0]
    return None


def _source_image(group: Any) -> tuple[str | None, int]:
    """Give the SOP instance and frame number that a frame was drawn on."""
    for derivation in group.get("DerivationImageSequence") or ():
        for source in derivation.get("SourceImageSequence") or ():
            return str(source.ReferencedSOPInstanceUID), int(source.get("ReferencedFrameNumber") or 1)
    return None, 1


def _told(segmentation: Any, number: int) -> tuple[tuple[str, str], ...]:
    """Give the coded type of a segment and how it was made."""
    segment = next(entry for entry in segmentation.SegmentSequence if int(entry.SegmentNumber) == number)
    types = segment.get("SegmentedPropertyTypeCodeSequence") or ()
    told = {
        "property_type": str(types[0].get("CodeMeaning", "")) if types else "",
        "algorithm_type": str(segment.get("SegmentAlgorithmType") or ""),
    }
    return tuple((name, word) for name, word in told.items() if word)
