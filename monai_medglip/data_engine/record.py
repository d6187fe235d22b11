# SPDX-License-Identifier: Apache-2.0
"""One image of a data set and its annotated regions, as values; who reads them from files is not known here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.modality import Modality

__all__ = ["Record", "Region", "Truth"]


class Truth(str, Enum):
    """Who drew the regions of a label."""

    EXPERT = "expert"
    """A person who knows the anatomy."""
    AUTOMATIC = "automatic"
    """Another program."""
    ATLAS = "atlas"
    """A labelled atlas that was warped onto the image."""


@dataclass(frozen=True)
class Region:
    """One annotated thing in an image.

    Args:
        concept: the label, as the source names it.
        box: (2D,) voxel edges in the image as stored, ``(lo..., hi...)``.
        mask: the region's pixels, or None where only a box was drawn.
        truth: who drew it.
        ignored: too small to count as an instance, yet not background.
        attributes: what the source says of it besides, such as the words of a report or the reader; names are unique.
        drawn_box: (2D,) the box that the source drew beside a mask, round the whole of which this region may be a part;
            None where it drew none. Only the checks look at it, no store keeps it, and it makes no region another.
    """

    concept: str
    box: tuple[float, ...]
    mask: MaskRLE | None
    truth: Truth = Truth.EXPERT
    ignored: bool = False
    attributes: tuple[tuple[str, str], ...] = ()
    drawn_box: tuple[float, ...] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Record:
    """One image.

    Args:
        id: name of the image inside its source.
        source: the data set it comes from.
        modality: kind of imaging.
        body_region: what it shows, a name of the ontology's body regions, or None.
        image: path of the pixels.
        patient: one-way hash of source and patient, the same wherever this patient is met.
        split: train, val or test.
        shape: size of the stored grid, (x, y) or (x, y, z).
    """

    id: str
    source: str
    modality: Modality
    body_region: str | None
    image: Path
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
