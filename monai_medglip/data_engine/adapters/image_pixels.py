# SPDX-License-Identifier: Apache-2.0
"""How the pixels of a data set's image are read where `read_image` alone does not do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.array_form import ArrayForm
from monai_medglip.data_engine.adapters.nifti_volume import one_volume
from monai_medglip.data_engine.adapters.sparse_voxels import SparseForm
from monai_medglip.data_engine.local_copy import local_copy
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging.scan import ImageSource, Scan
from monai_medglip.readers import read_image

__all__ = ["ImagePixels"]


@dataclass(frozen=True)
class ImagePixels:
    """What stands between the stored numbers and the image.

    Args:
        offset: added to every pixel; -32768 for CT slices in 16-bit PNG files whose zero is 32768.
        volume: which volume of a NIfTI file with several, counted from 0.
        array: the axes of an array of NumPy or MATLAB, for files that are one; nothing is known of its place.
        sparse: how voxels are numbered, for files that are a table of voxels.
    """

    offset: int = 0
    volume: int | None = None
    array: ArrayForm | None = None
    sparse: SparseForm | None = None

    def read(self, path: Path) -> Scan:
        """Read an image, a remote one from a local copy.

        Raises:
            ImageReadError: when it cannot be read.
            DataError: when the file has no such volume, or is no such array or table.
        """
        scan = self._read(path)
        if self.offset:
            scan = replace(scan, array=scan.array.astype(np.int32) + self.offset)
        return replace(scan, source=replace(scan.source, path=str(path)))

    def _read(self, path: Path) -> Scan:
        if self.sparse is not None:
            # The spacing lies in a file beside it.
            with local_copy(path.parent) as folder:
                local = folder / path.name
                return Scan(
                    self.sparse.read_values(local)[None], self.sparse.frame(local), source=ImageSource(str(local))
                )
        with local_copy(path) as local:
            if self.array is not None:
                pixels = _displayed(self.array.read(local))
                return Scan(pixels, Frame.pixel(pixels.shape[1:]), source=ImageSource(str(local)))
            if self.volume is None:
                return read_image(local)
            with one_volume(local, self.volume) as single:
                return read_image(single)


def _displayed(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give colors as bytes where they are whole numbers from 0 to 255 that were stored as wider ones."""
    if pixels.shape[0] != 3 or pixels.dtype == np.uint8:
        return pixels
    with np.errstate(invalid="ignore"):  # what is not finite is refused by `Scan`
        narrow = np.clip(pixels, 0, 255).astype(np.uint8)
    return narrow if np.array_equal(narrow, pixels) else pixels
