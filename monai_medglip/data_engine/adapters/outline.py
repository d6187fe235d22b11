# SPDX-License-Identifier: Apache-2.0
"""Images with drawings of outlines, such as the ellipse round a fetal head: what an outline encloses is the region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.mask_reading import mask_foreground
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["Outline", "OutlineReader", "enclosed"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Outline:
    """A layout of images and drawn outlines.

    Args:
        images: the images.
        masks: patterns of the drawings' paths; they share words with those of the images.
        value: what the outline encloses.
        above: pixels greater than this are the line.
        without_file: what an image without a drawing is.
    """

    images: ImageFiles
    masks: tuple[str, ...]
    value: str
    above: int = 0
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        yield from mask_items(
            self.images,
            root,
            self.masks,
            self.without_file,
            lambda _, files: OutlineReader(tuple(file.path for file in files), self.value, self.above),
        )


@dataclass(frozen=True)
class OutlineReader:
    """Reads drawings of outlines.

    Args:
        paths: the drawings of one image.
        value: what they enclose.
        above: pixels greater than this are the line.
    """

    paths: tuple[Path, ...]
    value: str
    above: int = 0

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give what each outline encloses, the line included, see `AnnotationReader`."""
        annotations = []
        for path in self.paths:
            line = mask_foreground(path, scan, self.above)
            inside = enclosed(line)
            if inside is None:
                raise DataError(f"{path}: expected a closed outline, the line encloses nothing; is it whole?")
            annotations.append(Annotation(self.value, mask=MaskRLE.encode(line | inside)))
        return tuple(annotations)


def enclosed(line: Mask) -> Mask | None:
    """Give what a line (x, y) encloses, or None where it is open.

    A line that the image's border cuts, as of a head that is larger than the picture, encloses with the border the side
    on which its own middle lies.
    """
    import cc3d

    parts = cc3d.connected_components(~line, connectivity=4)
    border = np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]])
    outside = np.unique(border[border > 0])
    holes: Mask = (parts > 0) & ~np.isin(parts, outside)
    if holes.any():
        return holes
    if len(outside) < 2 or not line.any():
        return None
    middle = np.argwhere(line).mean(axis=0).round().astype(int)
    at_middle = parts[tuple(middle)]
    return None if at_middle == 0 else parts == at_middle
