# SPDX-License-Identifier: Apache-2.0
"""How often each image is drawn, so that no modality and no source drowns the others; drawing is torch's part."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from monai_medglip.data_engine.record import Record
from monai_medglip.errors import ConfigurationError

__all__ = ["present_factors", "sampling_weights"]


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
    factors = factors or {}
    per_source = Counter((record.modality, record.source) for record in records)
    per_modality = Counter(record.modality for record in records)
    _check_factors(factors, {source for _, source in per_source})
    roots: Counter[object] = Counter()
    for (modality, _), count in per_source.items():
        roots[modality] += math.sqrt(count)  # type: ignore[assignment]  # Counter adds floats as well
    weights = [
        math.sqrt(per_modality[r.modality])
        / roots[r.modality]
        / math.sqrt(per_source[r.modality, r.source])
        * factors.get(r.source, 1.0)
        for r in records
    ]
    total = sum(weights)
    if records and total == 0:
        raise ConfigurationError("expected a factor above 0 for at least one source, all images have weight 0")
    return [weight / total for weight in weights]


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
