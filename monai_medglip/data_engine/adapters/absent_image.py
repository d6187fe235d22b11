# SPDX-License-Identifier: Apache-2.0
"""An image that an index speaks of and that is not there, so that a build reports it and goes on with the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.adapters.image_pixels import ImagePixels
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["AbsentImage"]


@dataclass(frozen=True)
class AbsentImage(ImagePixels):
    """Stands for the pixels of such an image.

    Args:
        reason: what is wrong, in the words of the error.
    """

    reason: str = ""

    def read(self, path: Path) -> Scan:
        """Raise a `DataError` with the reason."""
        raise DataError(self.reason)
