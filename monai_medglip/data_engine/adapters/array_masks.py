# SPDX-License-Identifier: Apache-2.0
"""Masks in arrays of NumPy or MATLAB: label maps, maps of instances, and a channel for each class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.array_form import ArrayForm
from monai_medglip.data_engine.adapters.file_pattern import FoundPath
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.local_copy import local_copy
from monai_medglip.errors import DataError
from monai_medglip.imaging.label_runs import masks_of_labels
from monai_medglip.imaging.scan import Scan

__all__ = ["ArrayMasks", "ArrayMasksReader"]


@dataclass(frozen=True)
class ArrayMasks:
    """A layout of images and of masks in arrays.

    The value of an annotation is its channel, counted from 0, where the masks have channels; each number in a channel
    is an annotation of its own. Without channels it is `value`, or the most frequent number of `kinds` under each
    instance, or the number in the mask.

    Args:
        images: the images; where their files hold many, each gets the id of its file with its number behind.
        masks: patterns of the masks' paths; they share words with those of the images.
        form: the axes of the masks; with ``n`` where images and masks lie in files of many.
        value: what every instance is, for a map of instances of one kind.
        kinds: the name of the array beside the instances that says of which kind each pixel is.
        without_file: what an image without a mask is.
    """

    images: ImageFiles
    masks: tuple[str, ...]
    form: ArrayForm
    value: str | None = None
    kinds: str | None = None
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`; of files that hold many, headers are read to count them."""

        def reader(_: FoundPath, files: tuple[FoundPath, ...]) -> ArrayMasksReader:
            return ArrayMasksReader(tuple(file.path for file in files), self.form, self.value, self.kinds)

        array = self.images.pixels.array
        for item in mask_items(self.images, root, self.masks, self.without_file, reader):
            yield from [item] if array is None or not array.has_many else _each(item, array)


@dataclass(frozen=True)
class ArrayMasksReader:
    """Reads masks in arrays.

    Args:
        paths: the files of one image.
        form: the axes of the masks, and which image of many.
        value: what every instance is, or None.
        kinds: the name of the array of kinds, or None.
    """

    paths: tuple[Path, ...]
    form: ArrayForm
    value: str | None = None
    kinds: str | None = None

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each number of each channel, see `AnnotationReader`."""
        return tuple(annotation for path in self.paths for annotation in self._read(path, scan))

    def _read(self, path: Path, scan: Scan) -> Iterator[Annotation]:
        with local_copy(path) as local:
            channels = _whole(self.form, local, scan)
            kinds = None if self.kinds is None else _whole(replace(self.form, key=self.kinds), local, scan)[0]
        for channel, labels in enumerate(channels):
            for number, mask in masks_of_labels(labels).items():
                if self.form.has_channels:
                    value = str(channel)
                elif kinds is not None:
                    value = str(int(np.bincount(kinds[labels == number]).argmax()))
                else:
                    value = str(number) if self.value is None else self.value
                yield Annotation(value, mask=mask)


def _each(item: SourceItem, array: ArrayForm) -> Iterator[SourceItem]:
    """Give an item for each image of a file that holds many; one whose reading fails where the file is damaged."""
    try:
        with local_copy(item.image) as local:
            count = array.count(local)
    except DataError:
        yield item
        return
    for number in range(count):
        reader = item.annotation
        if isinstance(reader, ArrayMasksReader):
            reader = replace(reader, form=reader.form.of_item(number))
        pixels = replace(item.pixels, array=array.of_item(number))
        name = f"{item.id}_{number}"
        # Without a patient of its own an item bears its id.
        patient = name if item.patient == item.id else item.patient
        yield replace(item, id=name, patient=patient, annotation=reader, pixels=pixels)


def _whole(form: ArrayForm, path: Path, scan: Scan) -> npt.NDArray[np.integer[Any]]:
    """Read whole numbers (C, x, y[, z]) that have the grid of a scan."""
    array = form.read(path)
    if array.shape[1:] != scan.spatial_shape:
        raise DataError(
            f"{path}: expected a mask of {scan.spatial_shape} as its image {scan.source.path}, got {array.shape[1:]}; "
            "correct the axes in the layout, or resample the mask"
        )
    with np.errstate(invalid="ignore"):
        labels = array.astype(np.int64)
    if not np.array_equal(labels, array) or labels.min() < 0:
        raise DataError(f"{path}: expected whole numbers from 0 in a mask, got others; was it interpolated?")
    return labels
