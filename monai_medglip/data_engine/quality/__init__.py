# SPDX-License-Identifier: Apache-2.0
"""What is wrong, or looks wrong, with annotated images: checks in stages, one file each, and a page of the findings."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monai_medglip.data_engine.quality.collection_report import check_data
    from monai_medglip.data_engine.quality.finding import Finding, Stage
    from monai_medglip.data_engine.quality.report_page import QualityReport, write_report_page
    from monai_medglip.data_engine.quality.waivers import Waivers

_HOMES = {
    "Finding": "finding",
    "QualityReport": "report_page",
    "Stage": "finding",
    "Waivers": "waivers",
    "check_data": "collection_report",
    "write_report_page": "report_page",
}

__all__ = ["Finding", "QualityReport", "Stage", "Waivers", "check_data", "write_report_page"]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
