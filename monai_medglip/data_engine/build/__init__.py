# SPDX-License-Identifier: Apache-2.0
"""From downloaded data sets to one checked store, in one process, on a local pool or on a Dask cluster; restartable."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monai_medglip.data_engine.build.build_plan import BuildPlan, PlannedSource
    from monai_medglip.data_engine.build.schedulers import scheduler_for
    from monai_medglip.data_engine.build.splits import SplitShares
    from monai_medglip.data_engine.build.whole_build import BuildReport, build_store

_HOMES = {
    "BuildPlan": "build_plan",
    "BuildReport": "whole_build",
    "PlannedSource": "build_plan",
    "SplitShares": "splits",
    "build_store": "whole_build",
    "scheduler_for": "schedulers",
}

__all__ = ["BuildPlan", "BuildReport", "PlannedSource", "SplitShares", "build_store", "scheduler_for"]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
