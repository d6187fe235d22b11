# SPDX-License-Identifier: Apache-2.0
"""Annotated images in the forms of others: COCO JSON, Hugging Face datasets, Croissant metadata and a data card.

What needs the extra ``interchange`` is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monai_medglip.data_engine.interchange.coco_json import COCO_LAYOUT, write_coco
    from monai_medglip.data_engine.interchange.croissant import write_croissant
    from monai_medglip.data_engine.interchange.data_card import write_data_card
    from monai_medglip.data_engine.interchange.hugging_face import write_hugging_face
    from monai_medglip.data_engine.interchange.hugging_face_store import store_from_hugging_face

_HOMES = {
    "COCO_LAYOUT": "coco_json",
    "store_from_hugging_face": "hugging_face_store",
    "write_coco": "coco_json",
    "write_croissant": "croissant",
    "write_data_card": "data_card",
    "write_hugging_face": "hugging_face",
}

__all__ = [
    "COCO_LAYOUT",
    "store_from_hugging_face",
    "write_coco",
    "write_croissant",
    "write_data_card",
    "write_hugging_face",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
