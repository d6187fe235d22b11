# SPDX-License-Identifier: Apache-2.0
"""The random number generators' states as a checkpoint entry, so that a resumed run draws what the first would have.

MONAI's CheckpointLoader reads with ``weights_only=True``: the state holds tensors, numbers and strings only.
Transforms draw from it through the DataLoader's workers; with ``num_workers=0`` they keep generators of their own,
which are not saved, and a resumed run sees other views.

Of a distributed run the first process's state is saved. The others go on from a state that is derived from it and from
their rank, so that they do not all draw the same.
"""

from __future__ import annotations

import ast
import random
from typing import Any

import ignite.distributed as idist
import numpy as np
import torch

__all__ = ["RandomState"]


class RandomState:
    """Has ``state_dict`` and ``load_state_dict`` for the generators of torch (CPU and CUDA), numpy and Python."""

    def state_dict(self) -> dict[str, Any]:
        """Give the states of all generators."""
        name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
        return {
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "numpy": torch.from_numpy(np.asarray(keys, dtype=np.int64)),
            "numpy_rest": repr((str(name), int(position), int(has_gauss), float(cached))),
            "python": repr(random.getstate()),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Set all generators back to ``state``."""
        torch.set_rng_state(state["torch"].cpu())
        if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all([part.cpu() for part in state["cuda"]])
        name, position, has_gauss, cached = ast.literal_eval(state["numpy_rest"])
        keys = state["numpy"].cpu().numpy().astype(np.uint32)
        np.random.set_state((name, keys, position, has_gauss, cached))
        random.setstate(ast.literal_eval(state["python"]))
        if idist.get_rank():
            seed = int(torch.randint(2**31, (1,))) + idist.get_rank()
            torch.manual_seed(seed)  # of CUDA as well
            np.random.seed(seed % 2**32)
            random.seed(seed)
