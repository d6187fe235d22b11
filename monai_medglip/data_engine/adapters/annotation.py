# SPDX-License-Identifier: Apache-2.0
"""What a data set drew, as it drew it: one mask or box with the source's own word for it. Concepts come later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["Annotation", "AnnotationReader"]


@dataclass(frozen=True)
class Annotation:
    """One drawn thing in an image's own pixels; at least one of box and mask is there.

    Args:
        value: the source's own word or number for it, as the card's label map lists it.
        box: (2D,) voxel edges in the image as stored, ``(lo..., hi...)``.
        mask: the drawn pixels on the image's grid (x, y[, z]), not empty; run lengths, because a volume may have
            hundreds of masks.
        attributes: what the source says of it besides, such as the words of a report or the reader.
        ignored: drawn as what counts neither as an instance nor as background, such as COCO's crowds.
    """

    value: str
    box: tuple[float, ...] | None = None
    mask: MaskRLE | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    ignored: bool = False


class AnnotationReader(Protocol):
    """Knows where the annotation of one image lies and how to read it; small, and can be sent to another process."""

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give what is drawn in an image.

        Args:
            scan: the image, whose grid the annotation must have.

        Raises:
            DataError: when the annotation is missing, damaged, or of another grid.
        """
