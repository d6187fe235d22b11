# SPDX-License-Identifier: Apache-2.0
"""One image of a data set and its annotated regions, as values; `grounding_folder` reads them from files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.modality import Modality

__all__ = ["AnnotationKind", "Record", "Region", "Truth"]


class Truth(str, Enum):
    """Who drew the regions of a label."""

    EXPERT = "expert"
    """A person who knows the anatomy."""
    AUTOMATIC = "automatic"
    """Another program."""
    ATLAS = "atlas"
    """A labelled atlas that was warped onto the image."""


class AnnotationKind(str, Enum):
    """How the regions of an image are stored."""

    LABELMAP = "labelmap"
    """One image whose pixels are label values."""
    MASKS = "masks"
    """One mask file per structure, where structures overlap."""
    BOXES = "boxes"
    """Rows of a table."""
    RLE = "rle"
    """Run-length coded masks in a JSON file."""


@dataclass(frozen=True)
class Region:
    """One annotated thing in an image.

    Args:
        concept: the label, as the source names it.
        box: (2D,) voxel edges in the image as stored, ``(lo..., hi...)``.
        mask: the region's pixels, or None where only a box was drawn.
        truth: who drew it.
        ignored: too small to count as an instance, yet not background.
    """

    concept: str
    box: tuple[float, ...]
    mask: MaskRLE | None
    truth: Truth = Truth.EXPERT
    ignored: bool = False


@dataclass(frozen=True)
class Record:
    """One row of a data folder's INDEX.tsv.

    Args:
        id: name of the image inside its source.
        source: the data set it comes from.
        modality: kind of imaging.
        body_region: what SOURCES.tsv says of the source, or None.
        image: path of the pixels.
        annotation: paths of the annotation files; several only for `AnnotationKind.MASKS`.
        kind: how the annotation is stored.
        patient: one-way hash of source and patient, the same in every folder that has this patient.
        split: train, val or test.
        shape: size of the stored grid, (x, y) or (x, y, z).
    """

    id: str
    source: str
    modality: Modality
    body_region: str | None
    image: Path
    annotation: tuple[Path, ...]
    kind: AnnotationKind
    patient: str
    split: str
    shape: tuple[int, ...]

    def __deepcopy__(self, memo: dict[int, object]) -> Record:
        """Give itself: nothing in it can change, and MONAI's caches copy every item each time it is read."""
        return self

    @property
    def name(self) -> str:
        """Source and id, unique in a folder."""
        return f"{self.source}/{self.id}"

    @property
    def spatial_dims(self) -> int:
        """2 for an image, 3 for a volume."""
        return len(self.shape)
