# SPDX-License-Identifier: Apache-2.0
"""What is known of every image of a collection when the images are compared, and what those checks have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from monai_medglip.data_engine.quality.finding import Finding, Stage

__all__ = ["CollectionCheck", "ImageSummary"]


@dataclass(frozen=True)
class ImageSummary:
    """One image among all.

    Attributes:
        source: the data set.
        record: the image's id in it.
        patient: hash of source and patient.
        split: train, val or test.
        checksum: of the pixels; None where it was not taken.
        perceptual_hash: in hex; None where it was not taken.
    """

    source: str
    record: str
    patient: str
    split: str
    checksum: str | None = None
    perceptual_hash: str | None = None

    @property
    def name(self) -> str:
        """Source and id."""
        return f"{self.source}/{self.record}"


class CollectionCheck(Protocol):
    """Looks at all images together, by what is known of each."""

    name: str
    stage: Stage

    def __call__(self, images: Sequence[ImageSummary]) -> Iterator[Finding]:
        """Give what is wrong, in an order that depends on the images alone."""
