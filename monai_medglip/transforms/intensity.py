# SPDX-License-Identifier: Apache-2.0
"""Values of any modality as the network wants them: three channels in [-1, 1]; not augmentation (`random_intensity`).

An 8-bit picture was windowed by whoever made it and is taken as it is. Everything else follows the rule of its modality
in ``intensity_rules.json``. So this transform must come before any that turns 8-bit values into floats (a resampling).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.config.type_definitions import KeysCollection
from monai.transforms.transform import MapTransform

from monai_medglip.errors import DataError
from monai_medglip.imaging import Modality
from monai_medglip.transforms.intensity_rules import IntensityRule, Scaling, load_intensity_rules
from monai_medglip.transforms.tracked_affine import TensorT, with_affine

__all__ = ["NormalizeIntensity", "NormalizeIntensityd"]

# Percentiles of a regular grid of about so many voxels are within noise of those of all, at a fraction of the time.
_VOXELS_LOOKED_AT = 65536

# Stored values of these types carry no unit of their own: Hounsfield units are negative for air.
_UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)


class NormalizeIntensity:
    """Scales the values of an image to [-1, 1], in three channels.

    Args:
        rules: a table as ``intensity_rules.json``; None for that one.
    """

    def __init__(self, rules: str | Path | None = None) -> None:
        self.rules = load_intensity_rules() if rules is None else load_intensity_rules(Path(rules))

    def __call__(self, image: TensorT, modality: Modality | str) -> TensorT:
        """Scale an image.

        Args:
            image: (1 or 3, x, y[, z]); uint8 is an 8-bit picture, other types follow the rule of the modality.
            modality: the kind of imaging, or its name.

        Returns:
            (3, x, y[, z]) float32 in [-1, 1]; a grey image is repeated, a constant one is 0 or what its window says.

        Raises:
            DataError: when the image has another number of channels, or values that are not finite.
        """
        if image.shape[0] not in (1, 3) or image.numel() == 0:
            raise DataError(f"expected an image (1 or 3, x, y[, z]) with voxels, got shape {tuple(image.shape)}")
        values = image.as_subclass(torch.Tensor)
        scaled = values.to(torch.float32)
        if values.dtype == torch.uint8:
            scaled = scaled / 127.5 - 1.0
        else:
            low, high = self._limits(values, scaled, Modality.parse(modality))
            scaled = _between(scaled, low, high)
        # A view: three equal channels of a large grey image take the memory of one.
        return with_affine(scaled.expand(3, *scaled.shape[1:]), image)

    def _limits(self, stored: torch.Tensor, values: torch.Tensor, modality: Modality) -> tuple[float, float]:
        """The values that become -1 and 1."""
        if not torch.isfinite(values).all():
            raise DataError("expected finite voxel values, got NaN or Inf; mask or replace them when reading the image")
        rule = self.rules[modality]
        if rule.scaling is Scaling.WINDOW and stored.dtype not in _UNSIGNED:
            return rule.low, rule.high
        return _percentiles(values, rule if rule.scaling is Scaling.PERCENTILES else self.rules[Modality.UNKNOWN])


class NormalizeIntensityd(MapTransform):
    """Scales the values of an item's images to [-1, 1], in three channels.

    Args:
        keys: the images.
        modality_key: where the modality stands: a `Modality`, its name, or an object that has one (`Record`, `Scan`).
        rules: a table as ``intensity_rules.json``; None for that one.
        allow_missing_keys: whether an item without some of the images passes.
    """

    def __init__(
        self,
        keys: KeysCollection,
        modality_key: str = "record",
        *,
        rules: str | Path | None = None,
        allow_missing_keys: bool = False,
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.modality_key = modality_key
        self.normalize = NormalizeIntensity(rules)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item with its images scaled.

        Raises:
            DataError: when the item does not tell its modality.
        """
        item = dict(data)
        if self.modality_key not in item:
            raise DataError(
                f"expected the modality under {self.modality_key!r}, the item has {sorted(map(str, item))}; "
                'put it there, or "UNKNOWN", since CT values mean nothing without it'
            )
        told = item[self.modality_key]
        for key in self.key_iterator(item):
            item[key] = self.normalize(item[key], getattr(told, "modality", told))
        return item


def _percentiles(values: torch.Tensor, rule: IntensityRule) -> tuple[float, float]:
    """Two percentiles of the values, or their limits where hardly any value differs from the rest."""
    step = max(1, int((values.numel() / _VOXELS_LOOKED_AT) ** (1.0 / (values.ndim - 1))))
    grid = (slice(None), *[slice(None, None, step)] * (values.ndim - 1))
    low, high = np.percentile(values[grid].cpu().numpy(), [rule.low, rule.high])
    return (float(low), float(high)) if low < high else (float(values.min()), float(values.max()))


def _between(values: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """The values scaled so that low is -1 and high is 1, clipped to that; 0 where low is high."""
    if low == high:
        return torch.zeros_like(values)
    return ((values - low) * (2.0 / (high - low)) - 1.0).clamp_(-1.0, 1.0)
