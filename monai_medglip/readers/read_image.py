# SPDX-License-Identifier: Apache-2.0
"""The one entry for reading images: finds the format, calls its reader; it holds no format's code itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from monai_medglip.errors import ImageReadError
from monai_medglip.imaging import Modality, Scan
from monai_medglip.readers.dicom import read_dicom, read_dicom_series
from monai_medglip.readers.format_detection import ImageFormat, detect_format
from monai_medglip.readers.nifti import read_nifti
from monai_medglip.readers.nrrd_mha import read_nrrd_mha
from monai_medglip.readers.raster import read_raster

__all__ = ["read_image"]

_VOLUME_READERS: dict[ImageFormat, Callable[..., Scan]] = {
    ImageFormat.NIFTI: read_nifti,
    ImageFormat.NRRD: read_nrrd_mha,
    ImageFormat.META_IMAGE: read_nrrd_mha,
    ImageFormat.DICOM: read_dicom,
}


def read_image(path: str | os.PathLike[str], *, modality: str | Modality | None = None) -> Scan:
    """Read an image file or the folder of a DICOM series.

    The format is told by the content, so a DICOM file needs no suffix. Nothing is guessed: what the file does not
    say (modality, spacing, the patient's axes) stays unknown.

    Args:
        path: PNG, JPEG, TIFF, BMP, NIfTI, NRRD, MHA/MHD or DICOM file, or the folder of one DICOM series.
        modality: overrules what the file says, such as "XR"; see `Modality.parse`.

    Returns:
        The scan, (C, x, y) or (C, x, y, z) with its place in space.

    Raises:
        ImageReadError: when there is no such file, or it is damaged, or no image.
        UnsupportedImageError: when the image is of a kind that is refused, see the guide "Read images".
        ConfigurationError: when there is no such modality.

    Example:
        >>> read_image("chest.png", modality="x-ray")  # doctest: +SKIP
        Scan(uint8 (1, 512, 512), XR, body_region=None, path='chest.png')
    """
    told = None if modality is None else Modality.parse(modality)
    source = Path(path).expanduser()
    try:
        if source.is_dir():
            return read_dicom_series(source, modality=told)
        if not source.is_file():
            raise ImageReadError(f"{source}: expected an image file or the folder of a DICOM series, nothing is there")
        found = detect_format(source)
        if found in _VOLUME_READERS:
            return _VOLUME_READERS[found](source, modality=told)
        return read_raster(source, found, modality=told)
    except OSError as error:
        raise ImageReadError(f"{source}: expected a file that can be opened, the system says: {error}") from error
