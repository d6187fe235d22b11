# SPDX-License-Identifier: Apache-2.0
"""From encoder levels to what every phrase is compared with: region features and a fine pixel map.

The neck adds the modality (a scale and shift for each level, FiLM: Perez et al., AAAI 2018) and the position, merges
the levels from coarse to fine and back, and knows no phrase. ``spatial_dims`` picks 2D or 3D layers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from monai.networks.blocks import Convolution
from monai.networks.blocks.feature_pyramid_network import FeaturePyramidNetwork
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from monai_medglip.imaging import Modality
from monai_medglip.networks.position import relative_coordinates

__all__ = ["ModalityModulation", "PyramidNeck"]

_IMAGE_CHANNELS = 3


class ModalityModulation(nn.Module):
    """Scales and shifts the channels of one level by the image's modality; the identity before training.

    Args:
        channels: channels of the level.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Embedding(len(Modality), channels)
        self.shift = nn.Embedding(len(Modality), channels)
        nn.init.zeros_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, features: Tensor, modality: Tensor) -> Tensor:
        """Give ``features`` ``(B, C, ...)`` modulated by ``modality`` ``(B,)``."""
        spread = (*features.shape[:2], *[1] * (features.ndim - 2))
        scale, shift = (table(modality).reshape(spread).to(features.dtype) for table in (self.scale, self.shift))
        modulated: Tensor = features * (1 + scale) + shift
        return modulated


class PyramidNeck(nn.Module):
    """Region features at the coarse strides and a pixel map at the finest stride.

    At full resolution one light block brings the pixel map to the image's own grid, with the image's values beside it:
    an organ that is a few voxels wide on a volume's small grid has no place on a coarser one.

    Args:
        channels: channels of the encoder's levels, ``{stride: channels}``.
        width: channels of the region features.
        pixel_width: channels of the pixel map.
        region_strides: strides whose cells become candidate regions.
        full_resolution: whether the pixel map has the image's grid, not that of the finest level.
        spatial_dims: 2 or 3.
    """

    def __init__(
        self,
        channels: Mapping[int, int],
        *,
        width: int = 128,
        pixel_width: int = 32,
        region_strides: Sequence[int] = (8, 16, 32),
        full_resolution: bool = False,
        spatial_dims: int = 2,
    ) -> None:
        super().__init__()
        self.region_strides = tuple(region_strides)
        self.pixel_strides = tuple(sorted((s for s in channels if s < self.region_strides[0]), reverse=True))
        self.spatial_dims = spatial_dims
        self.modulations = nn.ModuleDict({str(s): ModalityModulation(c) for s, c in channels.items()})
        coarse = [channels[s] + spatial_dims for s in self.region_strides]
        self.top_down = FeaturePyramidNetwork(spatial_dims, coarse, width)
        self.down_samplings = nn.ModuleList(
            _convolution(spatial_dims, width, width, strides=2) for _ in self.region_strides[1:]
        )
        self.region_tower = nn.Sequential(
            _convolution(spatial_dims, width + spatial_dims, width), _convolution(spatial_dims, width, width)
        )
        self.pixel_blocks = nn.ModuleDict()
        previous = width
        for stride in self.pixel_strides:
            out = max(pixel_width, previous // 2)
            self.pixel_blocks[str(stride)] = _PixelBlock(spatial_dims, previous, channels[stride], out)
            previous = out
        self.pixel_projection = _convolution(spatial_dims, previous + spatial_dims, pixel_width, normalize=False)
        self.full_grid = (
            _PixelBlock(spatial_dims, pixel_width, _IMAGE_CHANNELS, pixel_width) if full_resolution else None
        )

    @property
    def pixel_stride(self) -> int:
        """Canvas voxels per cell of the pixel map."""
        return self._finest_stride if self.full_grid is None else 1

    @property
    def _finest_stride(self) -> int:
        return self.pixel_strides[-1] if self.pixel_strides else self.region_strides[0]

    def forward(
        self, levels: Mapping[int, Tensor], image: Tensor, modality: Tensor, whole_image: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """Merge the levels.

        Args:
            levels: ``{stride: (B, C, ...)}`` from the encoder.
            image: ``(B, 3, ...)`` that was encoded.
            modality: ``(B,)`` int64.
            whole_image: ``(B, 2D)`` canvas edges of the whole image, which the canvas may show a part of.

        Returns:
            Region features, one ``(B, width, ...)`` per region stride, and the pixel map ``(B, pixel_width, ...)``.
        """
        levels = {s: self.modulations[str(s)](x, modality) for s, x in levels.items() if str(s) in self.modulations}
        named = OrderedDict((str(s), _with_position(levels[s], s, whole_image)) for s in self.region_strides)
        merged = list(self.top_down(named).values())
        for index, down in enumerate(self.down_samplings):
            merged[index + 1] = merged[index + 1] + down(merged[index])
        regions = [
            self.region_tower(_with_position(x, s, whole_image))
            for s, x in zip(self.region_strides, merged, strict=True)
        ]
        pixels = merged[0]
        for stride in self.pixel_strides:
            pixels = self.pixel_blocks[str(stride)](pixels, levels[stride])
        pixels = self.pixel_projection(_with_position(pixels, self._finest_stride, whole_image))
        return regions, pixels if self.full_grid is None else self.full_grid(pixels, image)


class _PixelBlock(nn.Module):
    """Doubles the resolution and takes in the encoder's level there."""

    def __init__(self, spatial_dims: int, coarse: int, lateral: int, out: int) -> None:
        super().__init__()
        pointwise = Conv[Conv.CONV, spatial_dims]
        self.reduce = pointwise(coarse, out, 1)
        self.lateral = pointwise(lateral, out, 1)
        self.merge = _convolution(spatial_dims, out, out, normalize=False)

    def forward(self, coarse: Tensor, level: Tensor) -> Tensor:
        mode = "bilinear" if coarse.ndim == 4 else "trilinear"
        raised = F.interpolate(self.reduce(coarse), size=level.shape[2:], mode=mode, align_corners=False)
        return self.merge(raised + self.lateral(level))  # type: ignore[no-any-return]


def _convolution(spatial_dims: int, channels: int, out: int, *, strides: int = 1, normalize: bool = True) -> nn.Module:
    # group normalization at the fine strides is the dearest operation of a training step on a CPU: none in pixel blocks
    norm = ("GROUP", {"num_groups": 8}) if normalize else None
    ordering = "NA" if normalize else "A"
    # MONAI's MEMSWISH is torch's fused one, its SWISH is not
    return Convolution(
        spatial_dims,
        channels,
        out,
        strides=strides,
        adn_ordering=ordering,
        norm=norm,
        act="MEMSWISH",
        bias=not normalize,
    )


def _with_position(features: Tensor, stride: int, whole_image: Tensor) -> Tensor:
    coordinates = relative_coordinates(features.shape[2:], stride, whole_image).to(features.dtype)
    return torch.cat([features, coordinates], dim=1)
