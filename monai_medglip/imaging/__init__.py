# SPDX-License-Identifier: Apache-2.0
"""Images in memory: pixels with their place in space, the modality, and masks as run lengths; no file formats."""

from __future__ import annotations

from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.modality import KNOWN_MODALITIES, Modality
from monai_medglip.imaging.scan import ImageSource, Scan

__all__ = ["KNOWN_MODALITIES", "ImageSource", "MaskRLE", "Modality", "Scan"]
