# SPDX-License-Identifier: Apache-2.0
"""The folder of a DICOM series as instances with a picture; what they show together is `dicom_splitting`'s."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.readers.dicom_instance import DicomInstance, read_instance
from monai_medglip.readers.dicom_plane import ImagePlane, planes_of
from monai_medglip.readers.dicom_values import header_value
from monai_medglip.readers.format_detection import READ_FORMATS, ImageFormat, detect_format

__all__ = ["series_planes"]

_LOGGER = logging.getLogger(__name__)


def series_planes(path: Path) -> list[ImagePlane]:
    """Give the planes of a series.

    Args:
        path: the folder of one series, without folders inside it, or a single file.

    Returns:
        The planes in the order of their files' names and frames. Files that are not DICOM, second copies of a file, and
        localizers beside other images are left out.

    Raises:
        ImageReadError: when there is no DICOM file, one is damaged, or two differ and claim to be the same instance.
        UnsupportedImageError: for objects without a picture, and for several series.
    """
    if not path.is_dir():
        return list(planes_of(read_instance(path)))
    instances = _instances(path)
    _refuse_several_series(path, instances)
    instances = _distinct(path, instances)
    planes = [plane for instance in instances for plane in planes_of(instance)]
    images = [plane for plane in planes if not _is_localizer(plane)]
    if images and len(images) < len(planes):
        _LOGGER.info("%s: left out %d localizer image(s)", path, len(planes) - len(images))
    return images or planes


def _instances(folder: Path) -> list[DicomInstance]:
    found = sorted(folder.iterdir(), key=lambda path: path.name)
    files = [path for path in found if path.is_file() and not path.name.startswith(".")]
    instances = [read_instance(path) for path in files if _is_dicom(path)]
    if not instances:
        raise ImageReadError(
            f"{folder}: expected the folder of one DICOM series, found no DICOM file among {len(files)} files; "
            f"give the folder that holds the slices, or a single file of {READ_FORMATS}"
        )
    return instances


def _is_dicom(path: Path) -> bool:
    if path.name.upper() == "DICOMDIR":
        return False
    if path.stat().st_size == 0:
        raise ImageReadError(f"{path}: expected a slice of a DICOM series, the file is empty (0 bytes); copy it again")
    try:
        return detect_format(path) is ImageFormat.DICOM
    except ImageReadError:
        return False


def _distinct(folder: Path, instances: Sequence[DicomInstance]) -> list[DicomInstance]:
    """The instances without second copies."""
    by_uid: dict[str, DicomInstance] = {}
    for instance in instances:
        uid = str(header_value(instance.header, "SOPInstanceUID") or instance.path)
        first = by_uid.setdefault(uid, instance)
        if first is not instance and first.path.read_bytes() != instance.path.read_bytes():
            raise ImageReadError(
                f"{folder}: expected one file for each SOP instance, {first.path.name} and {instance.path.name} have "
                "the same SOPInstanceUID and differ; find out which of them is right and remove the other"
            )
    if len(by_uid) < len(instances):
        _LOGGER.info("%s: left out %d second copies of files", folder, len(instances) - len(by_uid))
    return list(by_uid.values())


def _refuse_several_series(folder: Path, instances: Sequence[DicomInstance]) -> None:
    headers = [instance.header for instance in instances]
    uids = [str(header_value(header, "SeriesInstanceUID")) for header in headers]
    series = Counter(zip(uids, [str(header_value(header, "Modality") or "") for header in headers], strict=True))
    if len(series) > 1:
        found = ", ".join(f"{modality or 'unknown modality'} with {count}" for (_, modality), count in series.items())
        raise UnsupportedImageError(
            f"{folder}: expected one series, found {len(series)} (images: {found}); put each into a folder of its own"
        )


def _is_localizer(plane: ImagePlane) -> bool:
    return any("LOCALIZER" in plane.text(keyword).split("\\") for keyword in ("ImageType", "FrameType"))
