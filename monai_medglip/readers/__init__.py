# SPDX-License-Identifier: Apache-2.0
"""Reading images of all supported formats, and arrays in memory, into `Scan`; it writes nothing."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from monai_medglip.readers.arrays import scan_from_array, scan_from_pil, scan_from_tensor
from monai_medglip.readers.dicom import read_dicom_frame, read_dicom_volumes
from monai_medglip.readers.dicom_tilt import Tilt
from monai_medglip.readers.read_image import read_frame, read_image

if TYPE_CHECKING:
    from monai_medglip.readers.guarded_limits import ReadLimits
    from monai_medglip.readers.guarded_reader import GuardedReader
    from monai_medglip.readers.monai_reader import ScanReader

__all__ = [
    "GuardedReader",
    "ReadLimits",
    "ScanReader",
    "Tilt",
    "read_dicom_frame",
    "read_dicom_volumes",
    "read_frame",
    "read_image",
    "scan_from_array",
    "scan_from_pil",
    "scan_from_tensor",
]


# MONAI, and what needs Linux's modules, are loaded when they are first asked for.
_LAZY = {"GuardedReader": "guarded_reader", "ReadLimits": "guarded_limits", "ScanReader": "monai_reader"}


def __getattr__(name: str) -> Any:
    """Load `ScanReader`, `GuardedReader` or `ReadLimits` when it is first asked for."""
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
