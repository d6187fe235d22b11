# SPDX-License-Identifier: Apache-2.0
"""From items to a batch: images stacked, ragged targets kept as lists, which MONAI's own collate would transpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import torch

from monai_medglip.errors import DataError

__all__ = ["TARGET_KEYS", "collate_grounding"]

TARGET_KEYS = (
    "presence",
    "boxes",
    "box_phrase",
    "ignore_boxes",
    "ignore_phrase",
    "masks",
    "mask_known",
    "background_weight",
)
"""Keys of one image's targets, see `SampleTargetsd`."""


def collate_grounding(items: Sequence[Mapping[str, Any] | Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Give the batch that the network and the losses take.

    Args:
        items: results of `SampleTargetsd`; a list among them (a crop with several samples) counts as its elements.

    Returns:
        ``image`` ``(B, C, *canvas)`` plain tensor; ``phrases`` B lists; ``modality`` (B,) int64; ``valid_region`` and
        ``whole_image`` (B, 2D) float32; ``targets`` B dicts of tensors; ``records`` B records.

    Raises:
        DataError: when the images differ in size.
    """
    flat = list(chain.from_iterable(_as_list(item) for item in items))
    images = [torch.as_tensor(item["image"]) for item in flat]
    shapes = {tuple(image.shape) for image in images}
    if len(shapes) > 1:
        raise DataError(f"expected images of one size in a batch, got {sorted(shapes)}; put them on one canvas first")
    return {
        "image": torch.stack([_plain(image) for image in images]),
        "phrases": [list(item["phrases"]) for item in flat],
        "modality": torch.tensor([int(item["modality"]) for item in flat], dtype=torch.int64),
        "valid_region": torch.stack([_plain(torch.as_tensor(item["valid_region"])).float() for item in flat]),
        "whole_image": torch.stack([_plain(torch.as_tensor(item["whole_image"])).float() for item in flat]),
        "targets": [{key: item[key] for key in TARGET_KEYS} for item in flat],
        "records": [item["record"] for item in flat],
    }


def _as_list(item: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return [item] if isinstance(item, Mapping) else item


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """Strip a MetaTensor: it is slow in a network, and the collated affines would mean nothing."""
    return tensor.as_tensor() if hasattr(tensor, "as_tensor") else tensor
