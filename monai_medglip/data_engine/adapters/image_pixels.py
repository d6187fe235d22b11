# SPDX-License-Identifier: Apache-2.0
"""How the pixels of a data set's image are read where `read_image` alone does not do."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from monai_medglip.data_engine.local_copy import local_copy
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan
from monai_medglip.readers import read_image
from monai_medglip.readers.library_errors import library_errors

__all__ = ["ImagePixels"]


@dataclass(frozen=True)
class ImagePixels:
    """What stands between the stored numbers and the image.

    Args:
        offset: added to every pixel; -32768 for CT slices in 16-bit PNG files whose zero is 32768.
        volume: which volume of a NIfTI file with several, counted from 0.
    """

    offset: int = 0
    volume: int | None = None

    def read(self, path: Path) -> Scan:
        """Read an image, a remote one from a local copy.

        Raises:
            ImageReadError: when it cannot be read.
            DataError: when the file has no such volume.
        """
        with local_copy(path) as local:
            scan = read_image(local) if self.volume is None else _one_volume(local, self.volume)
        if self.offset:
            scan = replace(scan, array=scan.array.astype(np.int32) + self.offset)
        return replace(scan, source=replace(scan.source, path=str(path)))


def _one_volume(path: Path, number: int) -> Scan:
    """Read one volume of a 4D file by writing it as a file of its own, so that every check of `read_image` holds."""
    import nibabel

    with tempfile.TemporaryDirectory() as folder:
        single = Path(folder) / "volume.nii"
        with library_errors(path, "NIfTI image"):
            image: Any = nibabel.load(path)
            volumes = image.shape[3] if len(image.shape) == 4 else 1
            if not 0 <= number < volumes:
                raise DataError(f"{path}: expected a volume of number {number}, counted from 0; the file has {volumes}")
            nibabel.save(image.slicer[..., number] if len(image.shape) == 4 else image, single)
        return read_image(single)
