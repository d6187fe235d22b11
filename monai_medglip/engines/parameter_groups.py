# SPDX-License-Identifier: Apache-2.0
"""Which parameters are trained how fast: the pretrained encoder slower, normalization and biases without decay."""

from __future__ import annotations

from typing import Any

from torch import nn

__all__ = ["parameter_groups"]


def parameter_groups(
    network: nn.Module, *, learning_rate: float, encoder_learning_rate: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Give the trained parameters of a `MedGLIP` as optimizer groups.

    Args:
        network: has ``image_encoder``, may be wrapped for distributed training; parameters that need no gradient are
            left out.
        learning_rate: of all but the image encoder.
        encoder_learning_rate: of the image encoder.
        weight_decay: of matrices and kernels; vectors (biases, norms, embedded scales) have none.

    Returns:
        Up to four groups for a torch optimizer, each with ``params``, ``lr`` and ``weight_decay``.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    if isinstance(network, nn.parallel.DistributedDataParallel):
        network = network.module
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            rate = encoder_learning_rate if name.startswith("image_encoder.") else learning_rate
            decay = weight_decay if parameter.ndim > 1 and "modulations" not in name else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()]
