# SPDX-License-Identifier: Apache-2.0
"""Images that look alike: the same picture resized, compressed again, or the next slice of a volume."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from monai_medglip.data_engine.quality.collection_check import ImageSummary
from monai_medglip.data_engine.quality.equal_images import how_they_meet
from monai_medglip.data_engine.quality.finding import Finding, Stage

__all__ = ["MOST_BITS_APART", "SimilarImages"]

MOST_BITS_APART = 3
"""Bits of 64 in which the hashes of two alike images differ at most, for each of a volume's three."""

_BANDS = MOST_BITS_APART + 1
"""By the pigeonhole principle two hashes that differ in that many bits at most are equal in one of so many bands."""
_LARGEST_BUCKET = 2000
"""A band that so many images share (blank borders) says nothing; its pairs are found by other bands, if at all."""


class SimilarImages:
    """Near duplicates of different patients, or across splits or sources, by perceptual hashes.

    Slices of one patient in one split look alike and may do so. Of several alike images each is told with the first.
    """

    name = "similar images"
    stage = Stage.COLLECTION

    def __call__(self, images: Sequence[ImageSummary]) -> Iterator[Finding]:
        """Give each image that looks like an earlier one that it should not look like."""
        hashed = [image for image in images if image.perceptual_hash is not None]
        for length in sorted({len(str(image.perceptual_hash)) for image in hashed}):
            same_length = [image for image in hashed if len(str(image.perceptual_hash)) == length]
            yield from self._among(same_length)

    def _among(self, images: Sequence[ImageSummary]) -> Iterator[Finding]:
        words = _words([str(image.perceptual_hash) for image in images])
        first: dict[int, tuple[int, int]] = {}
        for one, other in _candidates(words):
            bits = max((a ^ b).bit_count() for a, b in zip(words[one], words[other], strict=True))
            if bits <= MOST_BITS_APART and _should_differ(images[one], images[other]):
                first[other] = min(first.get(other, (one, bits)), (one, bits))
        for index in sorted(first):
            image, (earlier, bits) = images[index], first[index]
            met = how_they_meet(image, images[earlier])
            reason = f"looks like {images[earlier].name}, {bits} of 64 bits apart ({met})"
            yield Finding(self.stage, self.name, image.source, image.record, reason)


def _should_differ(one: ImageSummary, other: ImageSummary) -> bool:
    if one.checksum is not None and one.checksum == other.checksum:
        return False  # told as equal
    return one.split != other.split or one.patient != other.patient


def _words(hashes: Sequence[str]) -> list[tuple[int, ...]]:
    """One or three 64-bit words per image."""
    return [tuple(int(text[i : i + 16], 16) for i in range(0, len(text), 16)) for text in hashes]


def _candidates(words: Sequence[tuple[int, ...]]) -> Iterator[tuple[int, int]]:
    """Pairs (earlier, later) that are equal in a band of their first word, each once."""
    width = 64 // _BANDS
    seen: set[tuple[int, int]] = set()
    for band in range(_BANDS):
        buckets: dict[int, list[int]] = defaultdict(list)
        for index, (first, *_) in enumerate(words):
            buckets[first >> (band * width) & ((1 << width) - 1)].append(index)
        for bucket in buckets.values():
            if 1 < len(bucket) <= _LARGEST_BUCKET:
                pairs = set(combinations(bucket, 2))
                yield from sorted(pairs - seen)
                seen |= pairs
