# SPDX-License-Identifier: Apache-2.0
"""The project's reader in MONAI's form, for `monai.transforms.LoadImaged` in code and in bundle configs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from monai.config import PathLike
from monai.data import ImageReader
from monai.utils import MetaKeys, SpaceKeys, ensure_tuple

from monai_medglip.errors import ConfigurationError
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.imaging import Modality
from monai_medglip.readers.read_image import read_image

__all__ = ["ScanReader"]


class ScanReader(ImageReader):
    """Reads with `read_image`; gives the array (C, x, y[, z]) and the affine of the scan.

    The array is channel first already, and says so, so that `EnsureChannelFirstd` and ``ensure_channel_first=True``
    leave it as it is. Beside MONAI's own keys the metadata hold ``modality``, ``body_region`` (empty if unknown),
    ``spacing_known`` and ``known_axes`` (three flags by RAS axis), from which `scan_from_tensor` makes a scan again.

    A 2D image in space has a 4x4 affine, in which its plane may be any: use it whole, never its upper left corner.

    Args:
        modality: overrules what the files say, such as "XR".

    Example:
        >>> from monai.transforms import LoadImaged
        >>> load = LoadImaged(keys="image", reader="monai_medglip.readers.ScanReader")
    """

    def __init__(self, modality: str | None = None) -> None:
        self.modality = None if modality is None else Modality.parse(modality)

    def verify_suffix(self, filename: Sequence[PathLike] | PathLike) -> bool:
        """Say yes to any one path: formats are told by content."""
        return len(ensure_tuple(filename)) == 1

    def read(self, data: Sequence[PathLike] | PathLike, **kwargs: Any) -> Path:
        """Give the one path.

        Reading waits for `get_data`: `LoadImage` meets an error of `read` by trying MONAI's own readers, which would
        read a tilted or gapped series without a word.

        Args:
            data: one path, or a sequence of one.
            kwargs: none are known.

        Returns:
            The path.

        Raises:
            ConfigurationError: for several paths or any keyword.
        """
        paths = ensure_tuple(data)
        if len(paths) != 1 or kwargs:
            raise ConfigurationError(
                f"expected one path and no options, got {paths} and {kwargs}; load each by its key"
            )
        return Path(paths[0])

    def get_data(self, img: Path) -> tuple[npt.NDArray[np.generic], dict[str, Any]]:
        """Read the file.

        Args:
            img: the path that `read` gave.

        Returns:
            The array (C, x, y[, z]) and the metadata.

        Raises:
            ImageReadError: as `read_image`.
        """
        scan = read_image(img, modality=self.modality)
        frame = scan.frame
        return scan.array, {
            MetaKeys.AFFINE: frame.affine.copy(),
            MetaKeys.ORIGINAL_AFFINE: frame.affine.copy(),
            MetaKeys.SPATIAL_SHAPE: np.asarray(scan.spatial_shape),
            MetaKeys.SPACE: SpaceKeys.RAS,
            MetaKeys.ORIGINAL_CHANNEL_DIM: 0,
            "modality": scan.modality.value,
            "body_region": scan.body_region or "",
            "spacing_known": frame.spacing_known,
            "known_axes": np.array([axis in frame.known_axes for axis in AxisPair]),
        }
