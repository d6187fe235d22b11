# SPDX-License-Identifier: Apache-2.0
"""Patients whose images lie in more than one split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monai_medglip.data_engine.quality.collection_check import ImageSummary
from monai_medglip.data_engine.quality.finding import Finding, Stage

__all__ = ["PatientLeakage"]


class PatientLeakage:
    """A patient of whom a model has seen one image in training and is tested on another."""

    name = "patient leakage"
    stage = Stage.COLLECTION

    def __call__(self, images: Sequence[ImageSummary]) -> Iterator[Finding]:
        """Give each image whose patient was met before in another split."""
        first: dict[str, ImageSummary] = {}
        for image in images:
            other = first.setdefault(image.patient, image)
            if other.split != image.split:
                reason = f"its patient is in {image.split} here and in {other.split} with {other.name}"
                yield Finding(self.stage, self.name, image.source, image.record, reason)
