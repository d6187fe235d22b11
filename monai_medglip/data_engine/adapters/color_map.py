# SPDX-License-Identifier: Apache-2.0
"""Images with masks whose colors say what a pixel belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.mask_reading import mask_colors
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import ConfigurationError, DataError
from monai_medglip.imaging.label_runs import masks_of_labels
from monai_medglip.imaging.scan import Scan

__all__ = ["ColorMap", "ColorMapReader"]


@dataclass(frozen=True)
class ColorMap:
    """A layout of images and masks in color.

    Args:
        images: the images.
        masks: patterns of the masks' paths; they share words with those of the images.
        colors: the value that a color stands for, by the color as ``#rrggbb``.
        background: colors that stand for nothing.
        tolerance: most difference in red, green or blue from a listed color, above 0 for masks saved as JPEG.
        without_file: what an image without a mask is.
    """

    images: ImageFiles
    masks: tuple[str, ...]
    colors: Mapping[str, str]
    background: tuple[str, ...] = ("#000000",)
    tolerance: int = 0
    without_file: WithoutFile = WithoutFile.ERROR

    def __post_init__(self) -> None:
        """Check the colors."""
        for color in (*self.colors, *self.background):
            if not re.fullmatch("#[0-9a-fA-F]{6}", color):
                raise ConfigurationError(f"expected colors as #rrggbb, got {color!r}; put them in quotes")

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        values = (*self.colors.items(), *((color, "") for color in self.background))
        yield from mask_items(
            self.images,
            root,
            self.masks,
            self.without_file,
            lambda _, files: ColorMapReader(tuple(file.path for file in files), values, self.tolerance),
        )


@dataclass(frozen=True)
class ColorMapReader:
    """Reads masks in color.

    Args:
        paths: the masks of one image.
        values: each color, ``#rrggbb``, and what it stands for; empty for nothing.
        tolerance: most difference in red, green or blue from a listed color.
    """

    paths: tuple[Path, ...]
    values: tuple[tuple[str, str], ...]
    tolerance: int = 0

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each value whose color is there, see `AnnotationReader`."""
        return tuple(annotation for path in self.paths for annotation in self._read(path, scan))

    def _read(self, path: Path, scan: Scan) -> Iterator[Annotation]:
        red, green, blue = mask_colors(path, scan).astype(np.int64)
        packed, where = np.unique(red << 16 | green << 8 | blue, return_inverse=True)
        listed = np.array([_channels(int(color[1:], 16)) for color, _ in self.values])
        differences = np.abs(np.array([_channels(int(color)) for color in packed])[:, None] - listed).max(axis=2)
        nearest = differences.argmin(axis=1)
        unknown = differences.min(axis=1) > self.tolerance
        if unknown.any():
            count = int(np.isin(where, np.flatnonzero(unknown)).sum())
            first = int(packed[unknown][0])
            raise DataError(
                f"{path}: expected the colors {', '.join(color for color, _ in self.values)}, got {count} pixels of "
                f"others such as #{first:06x}; list them, or raise 'tolerance' where the masks were saved as JPEG"
            )
        # Several colors may stand for one value.
        names = list(dict.fromkeys(value for _, value in self.values if value))
        numbers = np.array([names.index(value) + 1 if value else 0 for _, value in self.values])
        for number, mask in masks_of_labels(numbers[nearest][where].reshape(red.shape)).items():
            yield Annotation(names[number - 1], mask=mask)


def _channels(color: int) -> tuple[int, int, int]:
    return color >> 16, color >> 8 & 255, color & 255
