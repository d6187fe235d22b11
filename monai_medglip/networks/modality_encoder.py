# SPDX-License-Identifier: Apache-2.0
"""One image encoder for all modalities, or parts of it for each: the modality-aware encoding of Med-GLIP.

Three settings of one switch: `shared` (one encoder; the modality enters later, in the neck), `adapters` (a stem of
its own for each modality) and `separate` (an encoder for each modality, as in arXiv 2508.10528). Images of unknown
modality have a part of their own, which is trained by hiding the modality of some training images.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from enum import Enum
from typing import cast

import torch
from monai.utils.module import look_up_option
from torch import Tensor, nn

from monai_medglip.imaging import Modality
from monai_medglip.networks.image_encoder import ImageEncoder

__all__ = ["ModalityEncoder", "ModalitySharing"]


class ModalitySharing(str, Enum):
    """What the modalities share."""

    SHARED = "shared"
    ADAPTERS = "adapters"
    SEPARATE = "separate"


class ModalityEncoder(nn.Module):
    """Runs each image of a mixed batch through the encoder parts of its modality, grouped, not one by one.

    Args:
        encoder: the backbone; copied for each modality as ``sharing`` asks.
        sharing: what the modalities share.
    """

    def __init__(self, encoder: ImageEncoder, *, sharing: ModalitySharing | str = ModalitySharing.SHARED) -> None:
        super().__init__()
        self.sharing = ModalitySharing(look_up_option(sharing, ModalitySharing))
        self.channels = encoder.channels
        self.spatial_dims = encoder.spatial_dims
        separate = len(Modality) - 1 if self.sharing is ModalitySharing.SEPARATE else 0
        adapters = len(Modality) if self.sharing is ModalitySharing.ADAPTERS else 0
        self.encoders = nn.ModuleList([encoder, *(copy.deepcopy(encoder) for _ in range(separate))])
        self.stems = nn.ModuleList(encoder.adapter() for _ in range(adapters))

    def forward(self, image: Tensor, modality: Tensor) -> dict[int, Tensor]:
        """Encode a batch.

        Args:
            image: ``(B, 3, x, y[, z])`` in [-1, 1].
            modality: ``(B,)`` int64 positions in `Modality`.

        Returns:
            ``{stride: (B, C, ...)}``.
        """
        if self.sharing is ModalitySharing.SHARED:
            levels: dict[int, Tensor] = self._first(image)
            return levels
        if self.sharing is ModalitySharing.SEPARATE:
            return _by_group(image, modality, lambda part, index: self.encoders[index](part))
        stem = _by_group(image, modality, lambda part, index: {0: self.stems[index](part)})[0]
        return self._first.trunk(stem)

    @property
    def _first(self) -> ImageEncoder:
        return cast(ImageEncoder, self.encoders[0])


def _by_group(image: Tensor, modality: Tensor, encode: Callable[[Tensor, int], dict[int, Tensor]]) -> dict[int, Tensor]:
    rows, groups = [], []
    for index in torch.unique(modality).tolist():
        row = torch.nonzero(modality == index).flatten()
        rows.append(row)
        groups.append(encode(image[row], index))
    back = torch.argsort(torch.cat(rows))
    return {stride: torch.cat([group[stride] for group in groups])[back] for stride in groups[0]}
