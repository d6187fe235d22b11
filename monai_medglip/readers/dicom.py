# SPDX-License-Identifier: Apache-2.0
"""Reading DICOM through pydicom: one single-frame file, or the folder of one classic series.

Only what is a regular grid is read: tilted, gapped, doubled or mixed series and multi-frame objects are refused with
what was found. Pixels are `dicom_pixels`, geometry is `dicom_geometry`. Writing DICOM is no reader's work.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.readers.dicom_attributes import attribute, body_region, pydicom_warnings_logged, text
from monai_medglip.readers.dicom_geometry import plane_frame, stack_frame
from monai_medglip.readers.dicom_pixels import decode_pixels, fill_padding, grid_shape, refuse_unreadable
from monai_medglip.readers.format_detection import READ_FORMATS, ImageFormat, detect_format
from monai_medglip.readers.grid_checks import check_size
from monai_medglip.readers.library_errors import import_extra, library_errors

__all__ = ["read_dicom", "read_dicom_series"]

_LOGGER = logging.getLogger(__name__)


def read_dicom(path: Path, *, modality: Modality | None = None) -> Scan:
    """Read a single-frame DICOM file.

    Args:
        path: the file, with or without suffix.
        modality: what the user says; by default the header's.

    Returns:
        A 2D scan, float32 (1, x, y) or RGB uint8 (3, x, y), with its plane in space where the header tells it.

    Raises:
        ImageReadError: when the file is damaged or pydicom is not installed.
        UnsupportedImageError: for several frames and for objects without a picture.
    """
    # Looking at an attribute may raise as well: pydicom converts values when they are asked for.
    with library_errors(path, "DICOM image"), pydicom_warnings_logged(path):
        dataset = _read_dataset(path)
        refuse_unreadable(path, dataset)
        frame = plane_frame(path, dataset, grid_shape(path, dataset))
        array = np.ascontiguousarray(fill_padding(decode_pixels(path, dataset)))
        told = modality or Modality.from_dicom(text(dataset, "Modality"))
        source = ImageSource(str(path), (text(dataset, "SOPInstanceUID"),))
        return Scan(array, frame, told, source, body_region(dataset))


def read_dicom_series(folder: Path, *, modality: Modality | None = None) -> Scan:
    """Read the folder of one classic series as a volume.

    Files that are not DICOM are left out, and so are localizers beside other images. A folder with one image gives
    a 2D scan.

    Args:
        folder: the folder; folders inside it are not looked into.
        modality: what the user says; by default the header's.

    Returns:
        A scan (1, x, y, z), float32, z along the slices' normal; ``source.sop_instance_uids`` in the order of z.

    Raises:
        ImageReadError: when there is no DICOM file, or one is damaged.
        UnsupportedImageError: when the images are not one regular volume.
    """
    with library_errors(folder, "DICOM series"), pydicom_warnings_logged(folder):
        headers = _image_headers(folder)
        if len(headers) == 1:
            return read_dicom(next(iter(headers)), modality=modality)
        return _read_volume(folder, headers, modality)


def _read_volume(folder: Path, headers: Mapping[Path, Any], modality: Modality | None) -> Scan:
    paths, datasets = list(headers), list(headers.values())
    _refuse_mixture(folder, datasets)
    shape = grid_shape(paths[0], datasets[0])
    check_size(folder, (*shape, len(paths)))
    order, frame = stack_frame(folder, datasets, shape)
    array = np.empty((1, *shape, len(paths)), dtype=np.float32)
    for z, index in enumerate(order):
        array[..., z] = decode_pixels(paths[index], _read_dataset(paths[index]))
    uids = tuple(text(datasets[index], "SOPInstanceUID") for index in order)
    told = modality or Modality.from_dicom(text(datasets[0], "Modality"))
    return Scan(fill_padding(array), frame, told, ImageSource(str(folder), uids), body_region(datasets[0]))


def _read_dataset(path: Path, *, with_pixels: bool = True) -> Any:
    pydicom = import_extra("pydicom", "dicom", path)
    with library_errors(path, "DICOM file"):
        return pydicom.dcmread(path, stop_before_pixels=not with_pixels, force=True)


def _image_headers(folder: Path) -> dict[Path, Any]:
    """The headers of the folder's DICOM images by path, each passed by `refuse_unreadable`."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    headers = {path: _read_dataset(path, with_pixels=False) for path in files if _is_dicom(path)}
    if not headers:
        raise ImageReadError(
            f"{folder}: expected the folder of one DICOM series, found no DICOM file among {len(files)} files; "
            f"give the folder that holds the slices, or a single file of {READ_FORMATS}"
        )
    for path, header in headers.items():
        refuse_unreadable(path, header)
    planes = {path: header for path, header in headers.items() if "LOCALIZER" not in _image_type(header)}
    if planes and len(planes) < len(headers):
        _LOGGER.info("%s: left out %d localizer image(s)", folder, len(headers) - len(planes))
    return planes or headers


def _image_type(header: Any) -> tuple[str, ...]:
    value = attribute(header, "ImageType")
    return () if value is None or isinstance(value, str) else tuple(value)


def _is_dicom(path: Path) -> bool:
    if path.name.upper() == "DICOMDIR":
        return False
    if path.stat().st_size == 0:
        raise ImageReadError(f"{path}: expected a slice of a DICOM series, the file is empty (0 bytes); copy it again")
    try:
        return detect_format(path) is ImageFormat.DICOM
    except ImageReadError:
        return False


def _refuse_mixture(folder: Path, datasets: Sequence[Any]) -> None:
    """Refuse images that are not slices of one series and one grid."""
    series = Counter((text(header, "SeriesInstanceUID"), text(header, "Modality")) for header in datasets)
    if len(series) > 1:
        found = ", ".join(f"{modality or 'unknown modality'} with {count}" for (_, modality), count in series.items())
        raise UnsupportedImageError(
            f"{folder}: expected one series, found {len(series)} (images: {found}); put each into a folder of its own"
        )
    for keyword in ("Rows", "Columns", "FrameOfReferenceUID"):
        values = sorted({text(header, keyword) for header in datasets})
        if len(values) > 1:
            raise UnsupportedImageError(
                f"{folder}: expected slices of one grid, {keyword} differs between them: {', '.join(values[:5])}; "
                "put the slices that belong together into a folder of their own"
            )
    if any(int(header.get("SamplesPerPixel") or 1) > 1 for header in datasets):
        raise UnsupportedImageError(f"{folder}: expected grey slices, found color images; give them one by one")
