# SPDX-License-Identifier: Apache-2.0
"""Images with the same pixels, in one split or across splits and sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monai_medglip.data_engine.quality.collection_check import ImageSummary
from monai_medglip.data_engine.quality.finding import Finding, Stage

__all__ = ["EqualImages", "how_they_meet"]


class EqualImages:
    """The same pixels under two ids; worst across splits, where a test image was trained on."""

    name = "equal images"
    stage = Stage.COLLECTION

    def __call__(self, images: Sequence[ImageSummary]) -> Iterator[Finding]:
        """Give each image that equals an earlier one."""
        first: dict[str, ImageSummary] = {}
        for image in images:
            if image.checksum is None:
                continue
            other = first.setdefault(image.checksum, image)
            if other is not image:
                reason = f"the same pixels as {other.name} ({how_they_meet(image, other)})"
                yield Finding(self.stage, self.name, image.source, image.record, reason)


def how_they_meet(one: ImageSummary, other: ImageSummary) -> str:
    """Say what two images that should not meet have in common and what not."""
    told = [f"across splits: {one.split} and {other.split}" if one.split != other.split else f"both in {one.split}"]
    if one.source != other.source:
        told.append("across sources")
    elif one.patient == other.patient:
        told.append("one patient")
    else:
        told.append("two patients")
    return ", ".join(told)
