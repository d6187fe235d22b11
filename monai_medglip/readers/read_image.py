# SPDX-License-Identifier: Apache-2.0
"""The one entry for reading images: finds the format, calls its reader; it holds no format's code itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from monai_medglip.errors import ImageReadError
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging import Modality, Scan
from monai_medglip.readers.dicom import read_dicom
from monai_medglip.readers.format_detection import ImageFormat, detect_format
from monai_medglip.readers.nifti import read_nifti, read_nifti_frame
from monai_medglip.readers.nrrd_mha import read_nrrd_mha
from monai_medglip.readers.raster import read_raster

__all__ = ["read_frame", "read_image"]

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
            Of a series with several volumes, see `read_dicom_volumes`.
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
    with _system_errors(source):
        if source.is_dir():
            return read_dicom(source, modality=told)
        found = _detect_existing(source)
        if found in _VOLUME_READERS:
            return _VOLUME_READERS[found](source, modality=told)
        return read_raster(source, found, modality=told)


def read_frame(path: str | os.PathLike[str]) -> Frame:
    """Read the place in space of an image; of a NIfTI file from its header alone.

    Args:
        path: as for `read_image`.

    Returns:
        The frame of the scan that `read_image` gives.

    Raises:
        ImageReadError: as `read_image`; pixels of a NIfTI file are not looked at.
    """
    source = Path(path).expanduser()
    with _system_errors(source):
        if not source.is_dir() and _detect_existing(source) is ImageFormat.NIFTI:
            return read_nifti_frame(source)
    return read_image(source).frame


@contextlib.contextmanager
def _system_errors(source: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ImageReadError(f"{source}: expected a file that can be opened, the system says: {error}") from error


def _detect_existing(source: Path) -> ImageFormat:
    if not source.is_file():
        raise ImageReadError(f"{source}: expected an image file or the folder of a DICOM series, nothing is there")
    return detect_format(source)
