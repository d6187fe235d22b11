# SPDX-License-Identifier: Apache-2.0
"""Visual grounding for medical images: give an image and phrases, get the regions that the phrases name.

The public names below are loaded when they are first used, so that ``import monai_medglip`` and ``medglip --help``
answer at once: neither torch nor MONAI is loaded before it is needed. Each subpackage has its own public names.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monai_medglip.errors import MedGLIPError
    from monai_medglip.geometry.boxes import Boxes
    from monai_medglip.geometry.frames import Frame
    from monai_medglip.grounding.result import Grounding
    from monai_medglip.imaging.modality import Modality
    from monai_medglip.imaging.scan import Scan
    from monai_medglip.inference.grounder import Grounder
    from monai_medglip.ontology.hierarchy import Ontology
    from monai_medglip.phrases.phrase import Phrase
    from monai_medglip.readers.read_image import read_image
    from monai_medglip.visualize.overlay import overlay

__version__ = "0.1.0"

__all__ = [
    "Boxes",
    "Frame",
    "Grounder",
    "Grounding",
    "MedGLIPError",
    "Modality",
    "Ontology",
    "Phrase",
    "Scan",
    "__version__",
    "overlay",
    "read_image",
]

# The module that defines each name. Not the subpackage: there `overlay` is a module as well as a function.
_DEFINED_IN = {
    "Boxes": "geometry.boxes",
    "Frame": "geometry.frames",
    "Grounder": "inference.grounder",
    "Grounding": "grounding.result",
    "MedGLIPError": "errors",
    "Modality": "imaging.modality",
    "Ontology": "ontology.hierarchy",
    "Phrase": "phrases.phrase",
    "Scan": "imaging.scan",
    "overlay": "visualize.overlay",
    "read_image": "readers.read_image",
}

# A library says nothing unless the program that uses it asks for it.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    """Load a public name when it is first used (PEP 562, SPEC 1)."""
    if name not in _DEFINED_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    found: object = getattr(importlib.import_module(f"{__name__}.{_DEFINED_IN[name]}"), name)
    globals()[name] = found  # the next use finds it without this function
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
