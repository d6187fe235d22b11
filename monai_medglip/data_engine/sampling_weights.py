# SPDX-License-Identifier: Apache-2.0
"""How often each image is drawn, so that no modality and no source drowns the others; drawing is torch's part."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from monai_medglip.data_engine.record import Record
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.modality import Modality

__all__ = ["group_shares", "present_factors", "sampling_weights"]


def sampling_weights(records: Sequence[Record], factors: Mapping[str, float] | None = None) -> list[float]:
    """Give a weight per record for torch's `WeightedRandomSampler`.

    A modality is drawn by the square root of its number of images, a source inside a modality likewise, an image
    inside a source evenly.

    Args:
        records: the images of the data set, in its order.
        factors: what to multiply a source's share with; sources that are not named keep theirs.

    Returns:
        The weights, in the order of `records`, with sum 1.

    Raises:
        ConfigurationError: for a factor of a source without images, or one that is negative or not finite.
    """
    counts = Counter((record.modality, record.source) for record in records)
    shares = group_shares(counts, factors or {})
    return [shares[r.modality, r.source] / counts[r.modality, r.source] for r in records]


def group_shares(
    counts: Mapping[tuple[Modality, str], int], factors: Mapping[str, float]
) -> dict[tuple[Modality, str], float]:
    """Give the share of each modality and source, with sum 1, by the rule of `sampling_weights`.

    Args:
        counts: the number of images of each.
        factors: what to multiply a source's share with.

    Raises:
        ConfigurationError: as `sampling_weights`.
    """
    _check_factors(factors, {source for _, source in counts})
    per_modality: Counter[Modality] = Counter()
    roots: dict[Modality, float] = {}
    for (modality, _), count in counts.items():
        per_modality[modality] += count
        roots[modality] = roots.get(modality, 0.0) + math.sqrt(count)
    shares = {
        (modality, source): math.sqrt(per_modality[modality])
        * math.sqrt(count)
        / roots[modality]
        * factors.get(source, 1.0)
        for (modality, source), count in counts.items()
    }
    total = sum(shares.values())
    if shares and total == 0:
        raise ConfigurationError("expected a factor above 0 for at least one source, all images have weight 0")
    return {group: share / total for group, share in shares.items()}


def present_factors(records: Sequence[Record], factors: Mapping[str, float]) -> dict[str, float]:
    """Give the factors of those sources that have images: a configuration may serve folders with fewer sources."""
    present = {record.source for record in records}
    return {source: factor for source, factor in factors.items() if source in present}


def _check_factors(factors: Mapping[str, float], sources: set[str]) -> None:
    for source, factor in factors.items():
        if source not in sources:
            raise ConfigurationError(f"expected factors for {', '.join(sorted(sources))}, got one for {source!r}")
        if not (math.isfinite(factor) and factor >= 0):
            raise ConfigurationError(f"expected a finite factor of at least 0 for {source!r}, got {factor}")
