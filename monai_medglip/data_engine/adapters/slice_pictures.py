# SPDX-License-Identifier: Apache-2.0
"""DICOM series with a label picture for each slice, as CHAOS has them: which is whose is told by the order of names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.dicom_slices import SliceFinder, refuse_resampled
from monai_medglip.data_engine.adapters.file_pattern import FoundPath
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.local_copy import local_copy
from monai_medglip.data_engine.mask_values import read_mask_values
from monai_medglip.errors import DataError
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging.label_runs import masks_of_labels
from monai_medglip.imaging.scan import Scan

__all__ = ["SlicePictures", "SlicePicturesReader"]


@dataclass(frozen=True)
class SlicePictures:
    """A layout of series and label pictures; an annotation's value is the number in the pictures.

    Args:
        images: the folders of the series; all files in one are its slices.
        masks: patterns of the pictures' paths; they share words with those of the images.
        without_file: what a series without pictures is.
    """

    images: ImageFiles
    masks: tuple[str, ...]
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the series, see `Adapter`."""

        def reader(image: FoundPath, files: tuple[FoundPath, ...]) -> SlicePicturesReader:
            return SlicePicturesReader(image.path, _in_order([file.path for file in files]))

        yield from mask_items(self.images, root, self.masks, self.without_file, reader)


@dataclass(frozen=True)
class SlicePicturesReader:
    """Reads the label pictures of one series.

    Args:
        image: the folder of the series.
        paths: the pictures, in the order of the slices' names.
    """

    image: Path
    paths: tuple[Path, ...]

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each number, see `AnnotationReader`.

        Raises:
            DataError: as there, and when there are more or fewer pictures than slices.
        """
        refuse_resampled(scan, str(self.image))
        slices = SliceFinder.of(scan)
        instances = _instances(self.image)
        if not len(instances) == len(self.paths) == slices.count:
            raise DataError(
                f"{self.image}: expected a label picture for each slice, got {len(self.paths)} pictures and "
                f"{len(instances)} files of a series of {slices.count} slices; are slices missing?"
            )
        labels = np.zeros(scan.spatial_shape, np.int64)
        width, height = scan.spatial_shape[:2]
        for instance, path in zip(instances, self.paths, strict=True):
            with local_copy(path) as local:
                picture = read_mask_values(
                    local, str(self.image), (width, height), lambda: Frame.pixel((width, height)), equal_channels=True
                )
            place = slices.find(instance, 1, None, str(path))
            labels.reshape(width, height, -1)[:, :, place] = picture
        return tuple(Annotation(str(number), mask=mask) for number, mask in masks_of_labels(labels).items())


def _instances(folder: Path) -> list[str]:
    """Give the SOP instances of a folder in the order of the files' names."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    instances = []
    for path in _in_order([path for path in folder.iterdir() if not path.name.startswith(".")]):
        try:
            with path.open("rb") as file:
                header = dcmread(file, stop_before_pixels=True, specific_tags=["SOPInstanceUID"])
        except (InvalidDicomError, OSError) as problem:
            raise DataError(f"{path}: expected a slice of a DICOM series, got: {problem}") from problem
        instances.append(str(header.get("SOPInstanceUID", "")))
    return instances


def _in_order(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Sort by names, numbers in them by their size."""
    return tuple(
        sorted(
            paths,
            key=lambda path: [
                (int(piece), "") if piece.isdecimal() else (-1, piece) for piece in re.split(r"(\d+)", path.name)
            ],
        )
    )
