# SPDX-License-Identifier: Apache-2.0
"""What a collection of annotated images consists of: counts by DuckDB, and a page of plots."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monai_medglip.data_engine.statistics.collect import collect_statistics
    from monai_medglip.data_engine.statistics.data_statistics import DataStatistics
    from monai_medglip.data_engine.statistics.statistics_page import render_statistics_page, write_statistics_page

_HOMES = {
    "DataStatistics": "data_statistics",
    "collect_statistics": "collect",
    "render_statistics_page": "statistics_page",
    "write_statistics_page": "statistics_page",
}

__all__ = ["DataStatistics", "collect_statistics", "render_statistics_page", "write_statistics_page"]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
