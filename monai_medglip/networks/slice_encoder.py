# SPDX-License-Identifier: Apache-2.0
"""A 2D backbone used slab by slab on volumes, with a small 3D branch for detail beside it.

Features learned on pictures know what things look like; they serve volumes in slabs of two slices, averaged along the
third axis to the stride of their plane. Where exactly a surface runs in space they cannot tell, so the two finest
levels also get the features of a few 3D layers (``docs/decisions/0012-masks-on-the-full-grid.md``).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from monai.networks.nets.segresnet_ds import SegResBlock
from torch import Tensor, nn

from monai_medglip.networks.image_encoder import ImageEncoder, MobileNetV2Encoder

__all__ = ["SliceEncoder"]

_COARSEST = 16
_NORM = ("GROUP", {"num_groups": 8})


class SliceEncoder(ImageEncoder):
    """MobileNetV2 on slabs across the third axis and 3D layers at strides 2 and 4; levels at strides 2 to 16.

    Args:
        weights: as of `MobileNetV2Encoder`.
        frozen_blocks: as of `MobileNetV2Encoder`; the 3D layers are always trained.
        detail_width: channels of the 3D layers at stride 2; twice as many at stride 4.

    Raises:
        WeightsError: when the file is missing or is not a MobileNetV2.
    """

    spatial_dims = 3

    def __init__(self, weights: str | Path | None = None, *, frozen_blocks: int = 0, detail_width: int = 32) -> None:
        super().__init__()
        self.plane = MobileNetV2Encoder(weights, frozen_blocks=frozen_blocks)
        self.plane.remove_levels_above(_COARSEST)
        self.detail_stem = nn.Conv3d(3, detail_width, kernel_size=4, stride=2, padding=1)
        self.detail = _Detail(detail_width)
        added = {2: detail_width, 4: 2 * detail_width}
        self.channels = {stride: width + added.get(stride, 0) for stride, width in self.plane.channels.items()}

    def stem(self, image: Tensor) -> Tensor:
        """Give stride-2 features ``(B, 16 + detail_width, x/2, y/2, z/2)``: those of the slabs, then the 3D ones."""
        return _stem_features(self.plane.stem, self.detail_stem, image)

    def adapter(self) -> nn.Module:
        """Give a trainable copy of both stems."""
        return _Stem(self.plane.adapter(), copy.deepcopy(self.detail_stem))

    def trunk(self, stem_features: Tensor) -> dict[int, Tensor]:
        """Give all levels ``{stride: (B, C, x/s, y/s, z/s)}``."""
        batch, width = stem_features.shape[0], stem_features.shape[1] - self.detail_stem.out_channels
        levels = self.plane.trunk(_as_slices(stem_features[:, :width]))
        merged = {stride: F.avg_pool3d(_stacked(x, batch), (1, 1, stride // 2)) for stride, x in levels.items()}
        for stride, added in self.detail(stem_features[:, width:]).items():
            merged[stride] = torch.cat([merged[stride], added], dim=1)
        return merged


class _Detail(nn.Module):
    """Residual 3D layers at strides 2 and 4."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fine = SegResBlock(3, width, _NORM)
        self.down = nn.Conv3d(width, 2 * width, kernel_size=3, stride=2, padding=1, bias=False)
        self.coarse = nn.Sequential(SegResBlock(3, 2 * width, _NORM), SegResBlock(3, 2 * width, _NORM))

    def forward(self, features: Tensor) -> dict[int, Tensor]:
        # a copy, because the block adds its input to its output in place
        fine = self.fine(features.clone())
        return {2: fine, 4: self.coarse(self.down(fine))}


class _Stem(nn.Module):
    """Both stems of a `SliceEncoder`, for images of one modality."""

    def __init__(self, plane: nn.Module, detail: nn.Module) -> None:
        super().__init__()
        self.plane, self.detail = plane, detail

    def forward(self, image: Tensor) -> Tensor:
        return _stem_features(self.plane, self.detail, image)


def _stem_features(plane: Callable[[Tensor], Tensor], detail: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
    """Features of slabs of two slices, then the 3D features."""
    slabs = _as_slices(F.avg_pool3d(image, (1, 1, 2)))
    return torch.cat([_stacked(plane(slabs), image.shape[0]), detail(image)], dim=1)


def _as_slices(volume: Tensor) -> Tensor:
    """``(B, C, x, y, z)`` as ``(B * z, C, x, y)``."""
    return volume.permute(0, 4, 1, 2, 3).flatten(0, 1).contiguous(memory_format=torch.channels_last)


def _stacked(slices: Tensor, batch: int) -> Tensor:
    """``(B * z, C, x, y)`` as ``(B, C, x, y, z)``."""
    return slices.reshape(batch, -1, *slices.shape[1:]).permute(0, 2, 3, 4, 1)
