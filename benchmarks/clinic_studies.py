# SPDX-License-Identifier: Apache-2.0
"""Studies of patients that do not exist, good ones and poisoned ones, for the measurements of the PACS pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    RLELossless,
    generate_uid,
)
from scipy import ndimage

__all__ = ["POISONS", "head_and_neck_ct", "write_ct", "write_good", "write_poisoned"]

SIDE = 128
"""Side of the pictures [pixels]."""


def write_good(folder: Path, name: str) -> list[Path]:
    """Write a study of one chest film, which the rules of the package select, and return its paths."""
    return [_write(folder, _film(name))]


def head_and_neck_ct(path: Path, *, slices: int, side: int) -> tuple[npt.NDArray[np.int16], tuple[float, float]]:
    """Resample a NIfTI volume of head and neck to a size that scanners give.

    Args:
        path: the volume, which the network knows how to find its way in; noise would give results without regions.
        slices: number of slices.
        side: of a slice [pixels]; what the patient does not fill is air.

    Returns:
        Hounsfield units ``(slices, side, side)`` in the patient's directions left, back and head, and the pixel spacing
        and the distance of the slices [mm].
    """
    image = nibabel.as_closest_canonical(nibabel.load(path))
    voxels = np.asarray(image.dataobj, np.float32)[::-1, ::-1]  # right and front to left and back
    step = np.array(image.header.get_zooms()[:3], float)
    zoom = np.array([side / max(voxels.shape[:2])] * 2 + [slices / voxels.shape[2]])
    fine = ndimage.zoom(voxels, zoom, order=1)[:side, :side, :slices]
    room = [(0, side - fine.shape[0]), (0, side - fine.shape[1]), (0, slices - fine.shape[2])]
    volume = np.pad(fine, room, constant_values=-1000).transpose(2, 1, 0)
    return volume.astype(np.int16), (float(step[0] / zoom[0]), float(step[2] / zoom[2]))


def write_ct(folder: Path, name: str, volume: npt.NDArray[np.int16], spacing: tuple[float, float]) -> list[Path]:
    """Write a CT of head and neck, which the rules of the package ask slice by slice, and return its paths.

    Args:
        folder: where to.
        name: from which its UIDs follow.
        volume: as `head_and_neck_ct` gives it.
        spacing: of pixels and of slices [mm].
    """
    paths = []
    for number, plane in enumerate(volume):
        image = _slice(name, number)
        image.Rows, image.Columns = plane.shape
        image.PixelSpacing, image.SliceThickness = [spacing[0]] * 2, spacing[1]
        image.ImagePositionPatient = [0, 0, round(spacing[1] * number, 6)]
        image.PixelData = (np.clip(plane, -1000, 3095) + 1000).astype(np.uint16).tobytes()
        paths.append(_write(folder, image))
    return paths


def write_poisoned(folder: Path, name: str, poison: str) -> list[Path]:
    """Write a study that cannot be grounded, and return its paths.

    Args:
        folder: where to.
        name: from which its UIDs follow.
        poison: one of `POISONS`.
    """
    return POISONS[poison](folder, name)


def _truncated(folder: Path, name: str) -> list[Path]:
    film = _film(name)
    film.PixelData = film.PixelData[: len(film.PixelData) // 3]
    return [_write(folder, film)]


def _wrong_syntax(folder: Path, name: str) -> list[Path]:
    film = _film(name)
    film.file_meta.TransferSyntaxUID = JPEG2000Lossless
    film.PixelData = encapsulate([film.PixelData])
    return [_write(folder, film)]


def _missing_slices(folder: Path, name: str) -> list[Path]:
    return [_write(folder, _slice(name, number)) for number in (0, 1, 2, 5, 6)]


def _zero_size(folder: Path, name: str) -> list[Path]:
    film = _film(name)
    film.Rows, film.PixelData = 0, b""
    return [_write(folder, film)]


def _rle_bomb(folder: Path, name: str) -> list[Path]:
    film = _film(name)
    film.file_meta.TransferSyntaxUID = RLELossless
    film.Rows = film.Columns = 40000
    film.PixelData = encapsulate([b"\x02\x00\x00\x00" + b"\x40\x00\x00\x00" * 15 + b"\x81\x00" * 64])
    return [_write(folder, film)]


def _deflate_bomb(folder: Path, name: str) -> list[Path]:
    film = _film(name)
    film.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    film.Rows = film.Columns = 8192
    film.PixelData = bytes(2 * 8192 * 8192)
    return [_write(folder, film)]


def _duplicate_uids(folder: Path, name: str) -> list[Path]:
    """Two patients whose films differ and bear the same UIDs; no one can tell which of them has the right ones."""
    other = _film(name)
    other.PatientID, other.PatientName = f"ID-{name}-other", f"Somebody^{name}"
    other.PixelData = _picture(f"{name}-other", 0)
    return [_write(folder / "first", _film(name)), _write(folder / "second", other)]


def _many_frames(folder: Path, name: str) -> list[Path]:
    film = _film(name)
    film.file_meta.MediaStorageSOPClassUID = film.SOPClassUID = MultiFrameGrayscaleWordSecondaryCaptureImageStorage
    film.NumberOfFrames = 100_000
    return [_write(folder, film)]


POISONS: dict[str, Callable[[Path, str], list[Path]]] = {
    "truncated": _truncated,
    "wrong syntax": _wrong_syntax,
    "missing slices": _missing_slices,
    "zero size": _zero_size,
    "RLE bomb": _rle_bomb,
    "deflate bomb": _deflate_bomb,
    "100,000 frames in the header": _many_frames,
    "duplicate UIDs with other content": _duplicate_uids,
}
"""How a study is poisoned, by the name that the result file uses."""


def _film(name: str) -> Dataset:
    film = _image(name, 0)
    film.file_meta.MediaStorageSOPClassUID = film.SOPClassUID = DigitalXRayImageStorageForPresentation
    film.Modality, film.BodyPartExamined, film.ImageType = "DX", "CHEST", ["ORIGINAL", "PRIMARY"]
    film.ViewPosition, film.PatientOrientation = "PA", ["L", "F"]
    return film


def _slice(name: str, number: int) -> Dataset:
    image = _image(name, number)
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = CTImageStorage
    image.Modality, image.BodyPartExamined, image.ImageType = "CT", "HEADNECK", ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 3.0 * number], [1, 0, 0, 0, 1, 0]
    image.FrameOfReferenceUID = generate_uid(entropy_srcs=[name, "frame"])
    image.SliceThickness, image.RescaleSlope, image.RescaleIntercept = 3, 1, -1000
    return image


def _image(name: str, number: int) -> Dataset:
    """Everything that films and slices share."""
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    uid = generate_uid(entropy_srcs=[name, "instance", str(number)])
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = uid
    image.StudyInstanceUID = generate_uid(entropy_srcs=[name, "study"])
    image.SeriesInstanceUID = generate_uid(entropy_srcs=[name, "series"])
    image.PatientName, image.PatientID, image.PatientBirthDate = f"Nobody^{name}", f"ID-{name}", "19000101"
    image.PatientSex, image.StudyDate, image.StudyTime = "O", "20260101", "120000"
    image.StudyID, image.AccessionNumber, image.ReferringPhysicianName = "1", f"A{name}", ""
    image.Manufacturer, image.SeriesNumber, image.InstanceNumber = "Nobody's scanner", 1, number + 1
    image.PixelSpacing = image.ImagerPixelSpacing = [1, 1]
    image.Rows = image.Columns = SIDE
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PixelRepresentation = 1, "MONOCHROME2", 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelData = _picture(name, number)
    return image


def _picture(name: str, number: int) -> bytes:
    """Coarse noise that follows from the name."""
    coarse = np.random.default_rng([*name.encode(), number]).integers(0, 4096, (SIDE // 16, SIDE // 16))
    return np.kron(coarse, np.ones((16, 16))).astype(np.uint16).tobytes()


def _write(folder: Path, image: Dataset) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{image.SOPInstanceUID}.dcm"
    image.save_as(path, enforce_file_format=True)
    return path
