# SPDX-License-Identifier: Apache-2.0
"""What a phrase asks of the pyramid: alignment, quality, box sides, mask and presence.

Region-phrase alignment is GLIP's (Li et al., CVPR 2022): a scaled dot product of region and phrase vectors. Box sides
and masks are phrase-conditioned: the phrase generates one linear layer for each (Tian et al., CondInst, ECCV 2020),
because a cup in a disc or a myocardium round its ventricle share a center and differ only by the phrase.
All of it is linear in the region features, so a new phrase on an encoded image costs a few matrix products.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from monai_medglip.networks.position import grid_points

__all__ = ["GroundingHead"]

_PRIOR = 0.01  # share of points that match a phrase before training (RetinaNet's initialization)
_MASK_PRIOR = 0.1  # share of an image that a phrase's mask covers before training
_REACH = 0.5  # strides by which a point may lie outside its box, so that boxes smaller than a cell can be met


class GroundingHead(nn.Module):
    """Grounds phrase vectors in region features and a pixel map.

    Args:
        width: channels of region features and phrase vectors.
        pixel_width: channels of the pixel map.
        strides: strides of the region features.
        box_width: channels of the features that box sides are read from.
        spatial_dims: 2 or 3.
    """

    def __init__(
        self, *, width: int, pixel_width: int, strides: Sequence[int], box_width: int = 64, spatial_dims: int = 2
    ) -> None:
        super().__init__()
        self.strides, self.spatial_dims, self.box_width = tuple(strides), spatial_dims, box_width
        pointwise = Conv[Conv.CONV, spatial_dims]
        self.align_regions = pointwise(width, width, 1)
        self.align_phrase = nn.Linear(width, width + 1)
        self.box_regions = pointwise(width, box_width, 1)
        self.shared_sides = nn.Linear(box_width, 2 * spatial_dims)
        self.box_phrase = nn.Linear(width, (2 * spatial_dims + 1) * (box_width + 1))
        self.coarse_mask_phrase = nn.Linear(width, width)
        self.mask_phrase = nn.Linear(width, pixel_width + 1)
        self.presence_phrase = nn.Linear(width, width + 1)
        self.presence_image = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
        self.presence_peak = nn.Parameter(torch.tensor(0.5))
        self.level_scale = nn.Parameter(torch.ones(len(self.strides)))
        self._initialize()

    def _initialize(self) -> None:
        nn.init.normal_(self.box_phrase.weight, std=0.02)
        nn.init.zeros_(self.box_phrase.bias)
        nn.init.constant_(self.shared_sides.bias, 2.0)
        nn.init.zeros_(self.align_phrase.bias)
        with torch.no_grad():
            self.align_phrase.bias[-1] = -math.log((1 - _PRIOR) / _PRIOR)
            self.mask_phrase.weight *= 0.1
            self.mask_phrase.bias[-1] = -math.log((1 - _MASK_PRIOR) / _MASK_PRIOR)

    def forward(self, regions: Sequence[Tensor], pixels: Tensor, phrases: Tensor) -> dict[str, Tensor]:
        """Ground every phrase in every image.

        Args:
            regions: one ``(B, width, ...)`` per stride.
            pixels: ``(B, pixel_width, ...)``.
            phrases: ``(B, P, width)``.

        Returns:
            ``alignment``, ``quality`` ``(B, P, N)`` logits, ``boxes`` ``(B, P, N, 2D)`` canvas edges, ``points``
            ``(N, D)``, ``strides`` ``(N,)``, ``masks`` ``(B, P, *pixels.shape[2:])`` logits, ``presence`` ``(B, P)``
            logits.
        """
        points, strides = self._points(regions)
        alignment = self._alignment(regions, phrases)
        raw = self._box_layer(regions, phrases)
        level_scale = self._level_scale(regions)
        boxes = self._boxes(raw[:, :, : 2 * self.spatial_dims] * level_scale, points, strides)
        return {
            "alignment": alignment,
            "quality": raw[:, :, -1],
            "boxes": boxes,
            "points": points,
            "strides": strides,
            "masks": self._masks(regions[0], pixels, phrases),
            "presence": self._presence(regions[-1], phrases, alignment),
        }

    def _points(self, regions: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        grids = [
            grid_points(x.shape[2:], stride, device=x.device) for stride, x in zip(self.strides, regions, strict=True)
        ]
        strides = [torch.full_like(grid[:, 0], float(s)) for s, grid in zip(self.strides, grids, strict=True)]
        return torch.cat(grids), torch.cat(strides)

    def _alignment(self, regions: Sequence[Tensor], phrases: Tensor) -> Tensor:
        vectors = torch.cat([self.align_regions(x).flatten(2) for x in regions], dim=2)
        asked = self.align_phrase(phrases)
        logits = torch.bmm(asked[..., :-1].to(vectors.dtype), vectors) / math.sqrt(vectors.shape[1])
        aligned: Tensor = logits.float() + asked[..., -1:].float()
        return aligned

    def _box_layer(self, regions: Sequence[Tensor], phrases: Tensor) -> Tensor:
        """Sides before scaling, and quality: ``(B, P, 2D + 1, N)`` float32."""
        batch, count = phrases.shape[:2]
        outputs, width = 2 * self.spatial_dims + 1, self.box_width
        features = torch.cat([self.box_regions(x).flatten(2) for x in regions], dim=2)
        layer = self.box_phrase(phrases).reshape(batch, count * outputs, width + 1)
        conditioned = torch.bmm(layer[..., :-1].to(features.dtype), features) / math.sqrt(width)
        raw = (conditioned.float() + layer[..., -1:].float()).reshape(batch, count, outputs, features.shape[2])
        shared = self.shared_sides(features.transpose(1, 2)).float().transpose(1, 2)
        return torch.cat([raw[:, :, :-1] + shared[:, None], raw[:, :, -1:]], dim=2)

    def _level_scale(self, regions: Sequence[Tensor]) -> Tensor:
        """The learned scale of each point's level: ``(N,)``."""
        return torch.cat(
            [scale.expand(math.prod(x.shape[2:])) for scale, x in zip(self.level_scale, regions, strict=True)]
        )

    def _boxes(self, raw: Tensor, points: Tensor, strides: Tensor) -> Tensor:
        sides = (F.softplus(raw) - _REACH) * strides
        low, high = sides[:, :, : self.spatial_dims], sides[:, :, self.spatial_dims :]
        center = points.T[None, None]
        return torch.cat([center - low, center + high], dim=2).transpose(2, 3)

    def _masks(self, finest: Tensor, pixels: Tensor, phrases: Tensor) -> Tensor:
        """Fine mask from the pixel map plus a coarse one from the wider finest region features."""
        batch, count = phrases.shape[:2]
        coarse = torch.bmm(self.coarse_mask_phrase(phrases).to(finest.dtype), finest.flatten(2))
        coarse = (coarse / math.sqrt(finest.shape[1])).reshape(batch, count, *finest.shape[2:])
        size, mode = pixels.shape[2:], "bilinear" if finest.ndim == 4 else "trilinear"
        if count:
            raised = F.interpolate(coarse, size=size, mode=mode, align_corners=False)
        else:  # torch does not resize an empty tensor
            raised = coarse.reshape(batch, 0, *size)
        kernel = self.mask_phrase(phrases)
        fine = torch.bmm(kernel[..., :-1].to(pixels.dtype), pixels.flatten(2)).reshape(raised.shape)
        bias = kernel[..., -1].reshape(batch, count, *[1] * self.spatial_dims)
        masks: Tensor = fine + raised + bias.to(fine.dtype)
        return masks

    def _presence(self, coarsest: Tensor, phrases: Tensor, alignment: Tensor) -> Tensor:
        """Evidence of the image as a whole plus that of its best region."""
        image = self.presence_image(coarsest.flatten(2).float().mean(2))
        asked = self.presence_phrase(phrases).float()
        whole = (asked[..., :-1] * image.float()[:, None]).sum(-1) / math.sqrt(image.shape[1]) + asked[..., -1]
        peak = alignment.amax(dim=2).detach() if alignment.shape[2] else whole.new_zeros(whole.shape)
        presence: Tensor = whole + self.presence_peak * peak
        return presence
