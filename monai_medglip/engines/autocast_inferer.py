# SPDX-License-Identifier: Apache-2.0
"""Mixed precision on any device, as a MONAI inferer.

MONAI's ``amp=True`` is written for CUDA and does nothing on a CPU, where bfloat16 has matrix units of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from monai.inferers import Inferer

from monai_medglip.errors import ConfigurationError

__all__ = ["AutocastInferer"]

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class AutocastInferer(Inferer):
    """Calls the network under `torch.autocast` of the input's device.

    Args:
        dtype: ``bfloat16``, ``float16`` or ``float32`` (no autocast).

    Raises:
        ConfigurationError: for another word.
    """

    def __init__(self, dtype: str = "bfloat16") -> None:
        super().__init__()
        if dtype not in _DTYPES:
            raise ConfigurationError(f"dtype must be one of {', '.join(_DTYPES)}, got {dtype!r}")
        self.dtype = _DTYPES[dtype]

    def __call__(self, inputs: torch.Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Give ``network(inputs, *args, **kwargs)``."""
        with torch.autocast(inputs.device.type, dtype=self.dtype, enabled=self.dtype is not torch.float32):
            return network(inputs, *args, **kwargs)
