# SPDX-License-Identifier: Apache-2.0
"""Sampling an image once on the grid that an index map chooses; not the choice, see `canvas` and `working_grid`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from enum import Enum

import numpy as np
import torch
import torch.nn.functional as F
from monai.utils.module import look_up_option

__all__ = ["Interpolation", "sample_affine"]

_AVERAGE_POOLS = {2: F.avg_pool2d, 3: F.avg_pool3d}

_VOXELS_AT_ONCE = 2**23
"""Source voxels that stand in memory as floats at once; a volume of a gigabyte is reduced slab by slab."""


class Interpolation(str, Enum):
    """How the values between voxels are found."""

    LINEAR = "linear"
    """Weighted mean of the neighbors, for intensities."""
    NEAREST = "nearest"
    """The nearest voxel, for instance maps."""

    @classmethod
    def parse(cls, word: str | Interpolation) -> Interpolation:
        """Give the interpolation that a word names; a ValueError lists them."""
        found: Interpolation = look_up_option(word, cls)
        return cls(found)


def sample_affine(
    image: torch.Tensor,
    index_map: np.ndarray,
    size: Sequence[int],
    *,
    interpolation: Interpolation = Interpolation.LINEAR,
    padding_value: float = 0.0,
    scale: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> torch.Tensor:
    """Sample an image on another grid.

    Strong reductions average whole blocks of voxels first, so that thin things do not flicker in and out of the
    samples; this is done for `Interpolation.LINEAR` alone.

    Args:
        image: (C, x, y[, z]) of any dtype.
        index_map: (D + 1, D + 1) from voxel-centre indices of the new grid to those of ``image``.
        size: of the new grid (x, y[, z]).
        interpolation: how values between voxels are found.
        padding_value: the value outside of ``image``.
        scale: what is done to the values first, part by part: ``(C, ...)`` to float32 ``(C', ...)`` of the same size.

    Returns:
        ``(C, *size)``, float32 when linear, else of the dtype of ``image``.
    """
    values = image.as_subclass(torch.Tensor)
    if interpolation is Interpolation.LINEAR:
        values, index_map = _averaged_blocks(values, index_map, scale or _as_floats)
    else:
        values = _as_floats(values)
    theta = torch.as_tensor(_normalized(index_map, values.shape[1:], size), dtype=torch.float32)
    grid = F.affine_grid(theta[None], [1, 1, *size], align_corners=False).to(values.device)
    mode = "nearest" if interpolation is Interpolation.NEAREST else "bilinear"
    # grid_sample pads with zeros; a shift of the values makes any padding value a zero.
    shifted = values - padding_value if padding_value else values
    sampled = F.grid_sample(shifted[None], grid, mode=mode, padding_mode="zeros", align_corners=False)[0]
    sampled = sampled + padding_value if padding_value else sampled
    return sampled.to(image.dtype) if interpolation is Interpolation.NEAREST else sampled


def _as_floats(values: torch.Tensor) -> torch.Tensor:
    return values.to(torch.float32)


def _averaged_blocks(
    values: torch.Tensor, index_map: np.ndarray, scale: Callable[[torch.Tensor], torch.Tensor]
) -> tuple[torch.Tensor, np.ndarray]:
    """The scaled image reduced by whole factors where the index map reduces, and the index map to what is left."""
    dims = values.ndim - 1
    # The step on each source axis for one step on the new grid, whatever the rotation.
    steps = np.linalg.norm(index_map[:dims, :dims], axis=1)
    # A step under 1.5 voxels is within what linear interpolation smooths by itself.
    factors = np.clip(np.round(steps), 1, values.shape[1:]).astype(int).tolist()
    if max(factors) == 1:
        return scale(values), index_map
    pool = _AVERAGE_POOLS[dims]
    reduced = [
        # the last slab may be thinner than a block, which pooling refuses
        pool(scale(slab)[None], [min(factors[0], slab.shape[1]), *factors[1:]], ceil_mode=True, count_include_pad=False)
        for slab in _slabs(values, factors[0])
    ]
    to_blocks = np.diag([*(1.0 / np.asarray(factors)), 1.0])
    to_blocks[:dims, dims] = [-(factor - 1) / (2.0 * factor) for factor in factors]
    return torch.cat(reduced, dim=2)[0], to_blocks @ index_map


def _slabs(values: torch.Tensor, factor: int) -> Iterator[torch.Tensor]:
    """Parts of an image along its first axis, each a whole number of blocks of ``factor`` thick but for the last."""
    blocks = max(1, _VOXELS_AT_ONCE // (math.prod(values.shape[2:]) * factor))
    yield from torch.split(values, blocks * factor, dim=1)


def _normalized(index_map: np.ndarray, source_size: Sequence[int], size: Sequence[int]) -> np.ndarray:
    """The index map in the coordinates of `affine_grid`: -1 to 1 from edge to edge, last axis first, (D, D + 1)."""
    dims = len(size)
    half_source, half_size = np.asarray(source_size) / 2.0, np.asarray(size) / 2.0
    to_unit = np.diag([*(1.0 / half_source), 1.0])
    to_unit[:dims, dims] = 0.5 / half_source - 1.0
    from_unit = np.diag([*half_size, 1.0])
    from_unit[:dims, dims] = half_size - 0.5
    order = [*reversed(range(dims)), dims]
    return np.asarray((to_unit @ index_map @ from_unit)[np.ix_(order, order)][:dims])
