# SPDX-License-Identifier: Apache-2.0
"""Dictionary transforms for any MONAI ``Compose``: boxes on the affine, canvas, mirroring, intensity; no file reading.

The names are loaded when they are first used, because they need torch and MONAI.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monai_medglip.transforms.box_frame import (
        BoxesToFramed,
        BoxFrame,
        CarriedBoxes,
        RecordFramed,
        ValidRegiond,
        carry_boxes,
    )
    from monai_medglip.transforms.canvas import Canvas, Canvasd
    from monai_medglip.transforms.intensity import NormalizeIntensity, NormalizeIntensityd
    from monai_medglip.transforms.intensity_rules import IntensityRule, load_intensity_rules
    from monai_medglip.transforms.mirroring import RandMirrorPhrasesd, allowed_mirror_axes, strictest_mirror
    from monai_medglip.transforms.random_canvas import RandCanvas, RandCanvasd
    from monai_medglip.transforms.random_intensity import RandIntensity, RandIntensityd
    from monai_medglip.transforms.random_volume_window import RandVolumeWindow
    from monai_medglip.transforms.recipes import inference_transforms, training_transforms, validation_transforms
    from monai_medglip.transforms.working_grid import VolumeGrid, WorkingGrid, WorkingGridd

__all__ = [
    "BoxFrame",
    "BoxesToFramed",
    "Canvas",
    "Canvasd",
    "CarriedBoxes",
    "IntensityRule",
    "NormalizeIntensity",
    "NormalizeIntensityd",
    "RandCanvas",
    "RandCanvasd",
    "RandIntensity",
    "RandIntensityd",
    "RandMirrorPhrasesd",
    "RandVolumeWindow",
    "RecordFramed",
    "ValidRegiond",
    "VolumeGrid",
    "WorkingGrid",
    "WorkingGridd",
    "allowed_mirror_axes",
    "carry_boxes",
    "inference_transforms",
    "load_intensity_rules",
    "strictest_mirror",
    "training_transforms",
    "validation_transforms",
]

_DEFINED_IN = {
    **dict.fromkeys(
        ("BoxFrame", "BoxesToFramed", "CarriedBoxes", "RecordFramed", "ValidRegiond", "carry_boxes"), "box_frame"
    ),
    **dict.fromkeys(("Canvas", "Canvasd"), "canvas"),
    **dict.fromkeys(("NormalizeIntensity", "NormalizeIntensityd"), "intensity"),
    **dict.fromkeys(("IntensityRule", "load_intensity_rules"), "intensity_rules"),
    **dict.fromkeys(("RandMirrorPhrasesd", "allowed_mirror_axes", "strictest_mirror"), "mirroring"),
    **dict.fromkeys(("RandCanvas", "RandCanvasd"), "random_canvas"),
    **dict.fromkeys(("RandIntensity", "RandIntensityd"), "random_intensity"),
    "RandVolumeWindow": "random_volume_window",
    **dict.fromkeys(("VolumeGrid", "WorkingGrid", "WorkingGridd"), "working_grid"),
    **dict.fromkeys(("inference_transforms", "training_transforms", "validation_transforms"), "recipes"),
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used (PEP 562)."""
    if name not in _DEFINED_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(f"{__name__}.{_DEFINED_IN[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
