# SPDX-License-Identifier: Apache-2.0
"""The result of grounding phrases in an image, and its file formats; it knows no network and no drawing."""

from __future__ import annotations

from monai_medglip.grounding.region import GroundedRegion
from monai_medglip.grounding.result import Grounding
from monai_medglip.grounding.status import Status, Support

__all__ = ["GroundedRegion", "Grounding", "Status", "Support"]
