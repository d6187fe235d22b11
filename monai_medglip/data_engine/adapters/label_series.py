# SPDX-License-Identifier: Apache-2.0
"""4D NIfTI label maps: the fourth axis holds a class each, or the time points of a 4D image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.file_pattern import FoundPath
from monai_medglip.data_engine.adapters.image_fact import ImageFact
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.nifti_volume import one_volume, volume_count
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.local_copy import local_copy
from monai_medglip.data_engine.mask_values import read_mask_values
from monai_medglip.errors import ConfigurationError, DataError, ImageReadError
from monai_medglip.imaging.label_runs import masks_of_labels
from monai_medglip.imaging.scan import Scan

__all__ = ["FourthAxis", "LabelSeries", "LabelSeriesReader"]


class FourthAxis(str, Enum):
    """What the volumes of a 4D label map are."""

    CLASSES = "classes"
    """The mask of one class each, which may overlap; an annotation's value is the number of the volume, from 0."""
    TIMES = "times"
    """The label map of one time point each; an annotation's value is the number in it."""


@dataclass(frozen=True)
class LabelSeries:
    """A layout of images and 4D label maps.

    Args:
        images: the images; 4D ones where the fourth axis is time, and each time point is an image.
        masks: patterns of the label maps' paths; they share words with those of the images.
        fourth_axis: what the volumes of a label map are.
        times: where the numbers of the time points that were drawn are told, counted from 0, by the name of the phase;
            every time point where it names none.
        without_file: what an image without label map is.

    Raises:
        ConfigurationError: for times where the fourth axis holds classes.
    """

    images: ImageFiles
    masks: tuple[str, ...]
    fourth_axis: FourthAxis
    times: Mapping[str, ImageFact] = field(default_factory=dict)
    without_file: WithoutFile = WithoutFile.ERROR

    def __post_init__(self) -> None:
        """Check that times are told of time points only."""
        if self.times and self.fourth_axis is not FourthAxis.TIMES:
            raise ConfigurationError(f"expected 'times' with the fourth axis 'times', got {self.fourth_axis.value!r}")

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`; of 4D images whose times are not told, headers are read to count them."""
        facts = {name: fact.lookup(root) for name, fact in self.times.items()}
        times: dict[Path, dict[str, int]] = {}

        def reader(image: FoundPath, files: tuple[FoundPath, ...]) -> LabelSeriesReader:
            told = {name: fact(image.groups) for name, fact in facts.items()}
            times[image.path] = {name: _number(word, name, image) for name, word in told.items() if word is not None}
            return LabelSeriesReader(tuple(file.path for file in files), self.fourth_axis)

        for item in mask_items(self.images, root, self.masks, self.without_file, reader):
            if self.fourth_axis is FourthAxis.CLASSES:
                yield item
            else:
                told = times.get(item.image, {}) if self.times else _all_times(item.image)
                yield from (_at_time(item, name, number) for name, number in told.items())


@dataclass(frozen=True)
class LabelSeriesReader:
    """Reads 4D label maps.

    Args:
        paths: the files of one image.
        fourth_axis: what their volumes are.
        time: the number of the image's time point, counted from 0; None where the volumes are classes.
    """

    paths: tuple[Path, ...]
    fourth_axis: FourthAxis
    time: int | None = None

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each class of a map, see `AnnotationReader`."""
        return tuple(annotation for path in self.paths for annotation in self._read(path, scan))

    def _read(self, path: Path, scan: Scan) -> Iterator[Annotation]:
        image = scan.source.path or "the image"
        with local_copy(path) as local:
            for volume in range(volume_count(local)) if self.time is None else [self.time]:
                with one_volume(local, volume) as single:
                    labels = read_mask_values(single, image, scan.spatial_shape, lambda: scan.frame)
                masks = masks_of_labels(labels)
                if self.fourth_axis is FourthAxis.TIMES:
                    yield from (Annotation(str(number), mask=mask) for number, mask in masks.items())
                elif set(masks) - {1}:
                    raise DataError(f"{path}: expected 0 and 1 in volume {volume}, got {sorted(masks)}")
                elif masks:
                    yield Annotation(str(volume), mask=masks[1])


def _at_time(item: SourceItem, name: str, number: int) -> SourceItem:
    reader = item.annotation
    return replace(
        item,
        id=f"{item.id}_{name}",
        annotation=replace(reader, time=number) if isinstance(reader, LabelSeriesReader) else reader,
        attributes=(*item.attributes, ("phase", name)),
        pixels=replace(item.pixels, volume=number),
    )


def _all_times(image: Path) -> dict[str, int]:
    """Give all time points by their numbers; one, whose reading fails, where the file is damaged."""
    try:
        with local_copy(image) as local:
            count = volume_count(local)
    except ImageReadError:
        count = 1
    return {str(number): number for number in range(count)}


def _number(word: str, name: str, image: FoundPath) -> int:
    if not word.isdecimal():
        raise DataError(f"{image.path}: expected the number of a time point for {name!r}, got {word!r}")
    return int(word)
