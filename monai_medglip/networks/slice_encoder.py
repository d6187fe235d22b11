# SPDX-License-Identifier: Apache-2.0
"""A 2D backbone used slice by slice on volumes, so that features learned on pictures serve in 3D.

Slices do not see each other here; the levels are averaged along the third axis to the stride of their plane, and the
neck's 3D layers mix them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from monai_medglip.networks.image_encoder import ImageEncoder, MobileNetV2Encoder

__all__ = ["SliceEncoder"]


class SliceEncoder(ImageEncoder):
    """MobileNetV2 on every slice across the third axis, levels at strides 2 to 16.

    Args:
        weights: as of `MobileNetV2Encoder`.
        frozen_blocks: as of `MobileNetV2Encoder`.

    Raises:
        WeightsError: when the file is missing or is not a MobileNetV2.
    """

    spatial_dims = 3
    _COARSEST = 16

    def __init__(self, weights: str | Path | None = None, *, frozen_blocks: int = 0) -> None:
        super().__init__()
        self.plane = MobileNetV2Encoder(weights, frozen_blocks=frozen_blocks)
        self.plane.remove_levels_above(self._COARSEST)
        self.channels = dict(self.plane.channels)

    def stem(self, image: Tensor) -> Tensor:
        """Give stride-2 features ``(B, 16, x/2, y/2, z)``; the third axis is not reduced yet."""
        return _slice_by_slice(self.plane.stem, image)

    def adapter(self) -> nn.Module:
        """Give a trainable copy of the first convolutions, which works slice by slice too."""
        return _SliceBySlice(self.plane.adapter())

    def trunk(self, stem_features: Tensor) -> dict[int, Tensor]:
        """Give all levels ``{stride: (B, C, x/s, y/s, z/s)}``."""
        batch = stem_features.shape[0]
        levels = self.plane.trunk(_slices(stem_features))
        return {stride: F.avg_pool3d(_stacked(x, batch), (1, 1, stride)) for stride, x in levels.items()}


class _SliceBySlice(nn.Module):
    """A 2D module on every slice."""

    def __init__(self, plane: nn.Module) -> None:
        super().__init__()
        self.plane = plane

    def forward(self, volume: Tensor) -> Tensor:
        return _slice_by_slice(self.plane, volume)


def _slice_by_slice(module: Callable[[Tensor], Tensor], volume: Tensor) -> Tensor:
    return _stacked(module(_slices(volume)), volume.shape[0])


def _slices(volume: Tensor) -> Tensor:
    """``(B, C, x, y, z)`` as ``(B * z, C, x, y)``, channels last, which depthwise convolutions are fastest with."""
    return volume.permute(0, 4, 1, 2, 3).flatten(0, 1).contiguous(memory_format=torch.channels_last)


def _stacked(slices: Tensor, batch: int) -> Tensor:
    """``(B * z, C, x, y)`` as ``(B, C, x, y, z)``."""
    return slices.reshape(batch, -1, *slices.shape[1:]).permute(0, 2, 3, 4, 1)
