# SPDX-License-Identifier: Apache-2.0
"""Where a point lies in the whole image: grids of points and coordinates relative to the whole image.

Convolutions do not know where they are; 32 teeth or two parotid glands differ by little else. Relative coordinates as
further input channels are CoordConv (Liu et al., NeurIPS 2018), as CondInst (Tian et al., ECCV 2020) uses them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["grid_points", "relative_coordinates"]


def grid_points(shape: Sequence[int], stride: int, *, device: torch.device | str | None = None) -> Tensor:
    """Canvas coordinates of the cell centers of a feature map.

    Args:
        shape: spatial shape of the feature map, ``(x, y[, z])``.
        stride: canvas voxels per cell.
        device: where the points are made.

    Returns:
        ``(N, D)`` float32, voxel-edge coordinates, in the order of ``feature.flatten(2)``.
    """
    axes = [(torch.arange(size, device=device, dtype=torch.float32) + 0.5) * stride for size in shape]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, len(axes))


def relative_coordinates(shape: Sequence[int], stride: int, whole_image: Tensor) -> Tensor:
    """Coordinates of a feature map's cells relative to each whole image.

    Args:
        shape: spatial shape of the feature map, ``(x, y[, z])``.
        stride: canvas voxels per cell.
        whole_image: ``(B, 2D)`` canvas edges of the whole image, which the canvas may show a part of.

    Returns:
        ``(B, D, *shape)`` float32: -1 at the low edge of the whole image, 1 at its high edge, beyond in the padding.
    """
    dims = len(shape)
    points = grid_points(shape, stride, device=whole_image.device)
    low, high = whole_image[:, None, :dims].float(), whole_image[:, None, dims:].float()
    relative = (points[None] - low) / (high - low).clamp_min(1.0) * 2 - 1
    return relative.transpose(1, 2).reshape(whole_image.shape[0], dims, *shape)
