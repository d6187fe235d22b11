# SPDX-License-Identifier: Apache-2.0
"""The affine that MONAI tracks on a tensor, always as (4, 4); not a frame, which also says what is known."""

from __future__ import annotations

from typing import TypeVar, cast

import numpy as np
import torch
from monai.data.meta_tensor import MetaTensor
from monai.data.utils import to_affine_nd

from monai_medglip.errors import GeometryError

__all__ = ["tracked_affine", "with_affine"]

TensorT = TypeVar("TensorT", bound=torch.Tensor)


def tracked_affine(image: object) -> np.ndarray:
    """Give the affine of an image as MONAI's transforms have tracked it.

    Args:
        image: a `MetaTensor` (C, x, y[, z]). Its affine may be (3, 3), as MONAI's ITKReader and lazy resampling leave
            it on 2D images, or (4, 4).

    Returns:
        (4, 4) float64, voxel-centre index -> world [mm].

    Raises:
        GeometryError: when the image is no MetaTensor, so that nobody has tracked where it lies.
    """
    if not isinstance(image, MetaTensor):
        raise GeometryError(
            f"expected a MetaTensor, whose affine tells where the image lies, but got {type(image).__name__}; "
            "load with LoadImaged or wrap the array as MetaTensor(array, affine=...), and keep set_track_meta(True)"
        )
    return np.asarray(to_affine_nd(3, image.affine.cpu().numpy().astype(np.float64)))


def with_affine(values: torch.Tensor, like: TensorT, affine: np.ndarray | None = None) -> TensorT:
    """Give ``values`` the metadata of ``like``.

    Args:
        values: the new voxels (C, x, y[, z]).
        like: the tensor whose metadata is taken over; a plain tensor has none.
        affine: (4, 4) where the voxels now lie; None when they lie where those of ``like`` did.

    Returns:
        A tensor of the type of ``like``.
    """
    if not isinstance(like, MetaTensor):
        return cast(TensorT, values)
    # A new dictionary, because MetaTensor writes its affine into the one that it is given.
    tracked = MetaTensor(values, meta=dict(like.meta), applied_operations=like.applied_operations)
    tracked.affine = like.affine if affine is None else torch.as_tensor(affine, dtype=torch.float64)
    return cast(TensorT, tracked)
