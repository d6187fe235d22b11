# SPDX-License-Identifier: Apache-2.0
"""How a collated batch enters MONAI's stock `SupervisedTrainer` and `SupervisedEvaluator`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

__all__ = ["prepare_grounding_batch", "prepare_scan_batch"]


def prepare_grounding_batch(
    batch: Mapping[str, Any],
    device: str | torch.device | None = None,
    non_blocking: bool = False,
    **to_options: Any,
) -> tuple[Tensor, list[dict[str, Tensor]], tuple[()], dict[str, Any]]:
    """Split a collated batch into what the network and the loss get.

    Args:
        batch: from `monai_medglip.data_engine.collate_grounding`: ``image (B, 3, x, y[, z])``, ``phrases``,
            ``modality (B,)``, ``whole_image (B, 2D)``, ``targets``.
        device: where the tensors go.
        non_blocking: asynchronous copies.
        to_options: further arguments of `torch.Tensor.to`.

    Returns:
        ``(image, targets, (), keyword arguments of the network)``, the form that MONAI's engines take.
    """

    def move(value: Tensor) -> Tensor:
        return value.to(device=device, non_blocking=non_blocking, **to_options)

    image = batch["image"]
    # MetaTensors would slow the network down and make the loss one
    image = move(image.as_tensor() if hasattr(image, "as_tensor") else image)
    modality = move(batch["modality"])
    targets = [
        {**{key: move(value) for key, value in target.items()}, "modality": modality[index]}
        for index, target in enumerate(batch["targets"])
    ]
    asked = {"phrases": batch["phrases"], "modality": modality, "whole_image": move(batch["whole_image"])}
    return image, targets, (), asked


def prepare_scan_batch(
    batch: Mapping[str, Any],
    device: str | torch.device | None = None,
    non_blocking: bool = False,
    **to_options: Any,
) -> tuple[Tensor, None, tuple[()], dict[str, Any]]:
    """Split a batch of images without truth into what the network gets.

    Args:
        batch: from `monai_medglip.inference.collate_scans`.
        device: where the tensors go.
        non_blocking: asynchronous copies.
        to_options: further arguments of `torch.Tensor.to`.

    Returns:
        ``(image, None, (), keyword arguments of the network)``, the form that MONAI's engines take.
    """

    def move(value: Tensor) -> Tensor:
        return value.to(device=device, non_blocking=non_blocking, **to_options)

    modality, whole_image = move(batch["modality"]), move(batch["whole_image"])
    asked = {"phrases": batch["phrases"], "modality": modality, "whole_image": whole_image, "predict_unknown": True}
    return move(batch["image"]), None, (), asked
