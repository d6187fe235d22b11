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

__all__ = ["Limits", "NormalizeIntensity", "NormalizeIntensityd"]

# Percentiles of a regular grid of about so many voxels are within noise of those of all, at a fraction of the time.
_VOXELS_LOOKED_AT = 65536

# Stored values of these types carry no unit of their own: Hounsfield units are negative for air.
_UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)

Limits = tuple[tuple[float, float], ...]
"""Values of an image that become -1 and 1: one pair for all three channels, or one for each."""


class NormalizeIntensity:
    """Scales the values of an image to [-1, 1], in three channels.

    Args:
        rules: a table as ``intensity_rules.json``; None for that one.
    """

    def __init__(self, rules: str | Path | None = None) -> None:
        table = () if rules is None else (Path(rules),)
        self.rules = {dims: load_intensity_rules(*table, spatial_dims=dims) for dims in (2, 3)}

    def __call__(self, image: TensorT, modality: Modality | str) -> TensorT:
        """Scale an image.

        Args:
            image: (1 or 3, x, y[, z]); uint8 is an 8-bit picture, other types follow the rule of the modality.
            modality: the kind of imaging, or its name.

        Returns:
            (3, x, y[, z]) float32 in [-1, 1]; a grey image is repeated, or shown in three windows; a constant one is 0
            or what its window says.

        Raises:
            DataError: when the image has another number of channels, or values that are not finite.
        """
        values = image.as_subclass(torch.Tensor)
        return with_affine(self.scale(values, self.limits(values, modality)), image)

    def limits(self, values: torch.Tensor, modality: Modality | str) -> Limits:
        """Give the values of an image that become -1 and 1, one pair for all channels or one for each.

        Args:
            values: as in `__call__`.
            modality: as in `__call__`.

        Raises:
            DataError: as in `__call__`.
        """
        if values.shape[0] not in (1, 3) or values.numel() == 0:
            raise DataError(f"expected an image (1 or 3, x, y[, z]) with voxels, got shape {tuple(values.shape)}")
        if values.dtype == torch.uint8:
            return ((0.0, 255.0),)
        if values.is_floating_point() and not torch.isfinite(values).all():
            raise DataError("expected finite voxel values, got NaN or Inf; mask or replace them when reading the image")
        rules = self.rules[values.ndim - 1]
        rule = rules[Modality.parse(modality)]
        if rule.scaling is Scaling.WINDOW and values.dtype not in _UNSIGNED:
            return rule.ranges
        return (_percentiles(values, rule if rule.scaling is Scaling.PERCENTILES else rules[Modality.UNKNOWN]),)

    def scale(self, values: torch.Tensor, limits: Limits) -> torch.Tensor:
        """Scale values, or a part of them, by the limits of the whole image.

        Args:
            values: (1 or 3, x, y[, z]).
            limits: from `limits`.

        Returns:
            (3, x, y[, z]) float32 in [-1, 1].
        """
        scaled = values.to(torch.float32)
        if len(limits) == 3:
            gray = scaled.mean(0, keepdim=True)
            return torch.cat([_between(gray, low, high) for low, high in limits])
        # A view: three equal channels of a large grey image take the memory of one.
        return _between(scaled, *limits[0]).expand(3, *scaled.shape[1:])


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
    low, high = np.percentile(values[grid].to(torch.float32).cpu().numpy(), rule.ranges[0])
    return (float(low), float(high)) if low < high else (float(values.min()), float(values.max()))


def _between(values: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """The values scaled so that low is -1 and high is 1, clipped to that; 0 where low is high."""
    if low == high:
        return torch.zeros_like(values)
    return ((values - low) * (2.0 / (high - low)) - 1.0).clamp_(-1.0, 1.0)
