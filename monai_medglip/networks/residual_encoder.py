# SPDX-License-Identifier: Apache-2.0
"""A small 3D backbone: MONAI's residual encoder behind a strided stem; trained from nothing.

The first convolution halves the grid at once. Blocks on the full grid with few channels cost most of a step on a CPU
and add little (measured: ``docs/decisions/0009-volume-encoder.md``).
"""

from __future__ import annotations

from collections.abc import Sequence

from monai.networks.nets.segresnet_ds import SegResEncoder
from torch import Tensor, nn

from monai_medglip.networks.image_encoder import ImageEncoder

__all__ = ["ResidualEncoder"]


class ResidualEncoder(ImageEncoder):
    """Strided stem and MONAI's `SegResEncoder` (after Myronenko, arXiv 1810.11654), levels at strides 2, 4, 8, ...

    Args:
        width: channels at stride 2; doubled at every further level.
        blocks: residual blocks of each level, finest first.
    """

    spatial_dims = 3

    def __init__(self, *, width: int = 32, blocks: Sequence[int] = (1, 2, 2, 2)) -> None:
        super().__init__()
        self.first = nn.Conv3d(3, width, kernel_size=4, stride=2, padding=1)
        self.body = SegResEncoder(
            spatial_dims=3,
            init_filters=width,
            in_channels=width,
            norm=("GROUP", {"num_groups": 8}),
            blocks_down=tuple(blocks),
        )
        self.channels = {2 ** (level + 1): width * 2**level for level in range(len(blocks))}

    def stem(self, image: Tensor) -> Tensor:
        """Give stride-2 features ``(B, width, x/2, y/2, z/2)``."""
        features: Tensor = self.first(image)
        return features

    def adapter(self) -> nn.Module:
        """Give a new stem for images of one modality."""
        return nn.Conv3d(3, self.first.out_channels, kernel_size=4, stride=2, padding=1)

    def trunk(self, stem_features: Tensor) -> dict[int, Tensor]:
        """Give all levels ``{stride: (B, C, ...)}``."""
        return dict(zip(self.channels, self.body(stem_features), strict=True))
