# SPDX-License-Identifier: Apache-2.0
"""The memory layout that convolutions are fastest with on CPUs and GPUs alike."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["use_channels_last"]


def use_channels_last(network: nn.Module) -> None:
    """Lay out all 2D and 3D kernels of a network channels last, in place; one network may have both."""
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        elif parameter.ndim == 5:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last_3d)
