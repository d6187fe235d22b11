# SPDX-License-Identifier: Apache-2.0
"""The record of every public name, so that none vanishes or appears unnoticed.

``python -m tests.architecture.api_surface`` writes ``api_surface.json`` anew; the change is then part of the review.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path

import monai_medglip

RECORD = Path(__file__).with_name("api_surface.json")


def current_surface() -> dict[str, list[str]]:
    """Public names of the package and of each subpackage, as they are in the code now."""
    subpackages = [
        found.name for found in pkgutil.iter_modules(monai_medglip.__path__, "monai_medglip.") if found.ispkg
    ]
    return {name: sorted(importlib.import_module(name).__all__) for name in ["monai_medglip", *subpackages]}


if __name__ == "__main__":
    RECORD.write_text(json.dumps(current_surface(), indent=2) + "\n", encoding="utf-8")
