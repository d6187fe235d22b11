# SPDX-License-Identifier: Apache-2.0
"""Real images rewritten as DICOM studies of patients that do not exist, with marks by which a screen can be measured.

A volume of computed tomography is resampled to a turned grid. A short-axis stack of the heart is turned with its grid,
and resampled within its slices, once to square pixels and once to oblong ones. A chest film and an ultrasound image get
a wide black border. Nothing of the image is in the corners of any slice, so three bright squares of three sizes fit
there. Where they appear on a screen tells how columns and rows are shown, without asking the program that shows them.

Each image is the first of its source's validation split, and the ultrasound image the one in ``examples``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk  # noqa: N813
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    MRImageStorage,
    UltrasoundImageStorage,
    generate_uid,
)

__all__ = ["STUDIES", "ViewerStudy"]

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SQUARES = (0.055, 0.04, 0.025)
"""Sides of the squares at the upper left, upper right and lower left, as shares of the longer side."""

Pixels = npt.NDArray[np.int16]


@dataclass(frozen=True)
class ViewerStudy:
    """A study of one series.

    Attributes:
        name: one of `STUDIES`.
        paths: its files in the order of its slices.
        study_uid: its StudyInstanceUID.
        instance_uids: SOPInstanceUIDs in the order of the slices.
        marks: ``(3, 2)`` column and row of the squares' centers, counted from the outer edges of pixels as DICOM does.
        truth: mask ``(slices, rows, columns)`` of each phrase that experts annotated.
    """

    name: str
    paths: tuple[Path, ...]
    study_uid: str
    instance_uids: tuple[str, ...]
    marks: npt.NDArray[np.float64]
    truth: Mapping[str, npt.NDArray[np.bool_]]

    def shown(self, index: int) -> npt.NDArray[np.float64]:
        """Give the pixels ``(rows, columns)`` of a slice between black, 0, and white, 1, as their header asks."""
        image = dcmread(self.paths[index])
        low = float(image.WindowCenter) - float(image.WindowWidth) / 2
        return np.clip((image.pixel_array - low) / float(image.WindowWidth), 0, 1)

    def true_box(self, phrase: str, instance_uid: str) -> npt.NDArray[np.float64]:
        """Give columns and rows ``(4,)`` of what experts annotated on one slice, lowest first; NaN without any."""
        rows, columns = np.nonzero(self.truth[phrase][self.instance_uids.index(instance_uid)])
        if not len(rows):
            return np.full(4, np.nan)
        return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], float)


def ct_study(folder: Path, data: Path) -> ViewerStudy:
    """Write a head-and-neck CT on a grid that is turned about all three axes."""
    image, labels = _volume(data / "3d" / "openkbp", "060")
    turn = _rotation(0.12, -0.09, 0.0)
    image, labels = _resampled(image, labels, spacing=(1.3, 1.3, 5.0), direction=turn, border=0.03, outside=-1000)
    image, labels = _slab(image, labels, (3, 4))
    head = {"BodyPartExamined": "HEADNECK", "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "RescaleType": "HU"}
    names = {2: "spinal cord", 3: "left parotid gland", 4: "right parotid gland"}
    return _Writer("ct", CTImageStorage, "CT", head, window=(-250, 450)).write_volume(folder, image, labels, names)


def mr_study(folder: Path, data: Path) -> ViewerStudy:
    """Write a short-axis stack of the heart, double oblique as such stacks are."""
    return _heart(folder, data, name="mr", pixel=(1.1, 1.1))


def oblong_study(folder: Path, data: Path) -> ViewerStudy:
    """Write the same stack with pixels that are not square."""
    return _heart(folder, data, name="oblong", pixel=(1.0, 1.25))


def film_study(folder: Path, data: Path) -> ViewerStudy:
    """Write a frontal chest film."""
    place = data / "2d" / "montgomery"
    head = {
        "BodyPartExamined": "CHEST",
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "ViewPosition": "PA",
        "PatientOrientation": ["L", "F"],
        "PresentationIntentType": "FOR PRESENTATION",
    }
    writer = _Writer("xray", DigitalXRayImageStorageForPresentation, "DX", head, window=(0, 255))
    names = {1: "left lung", 2: "right lung"}
    return writer.write_picture(folder, place, "MCUCXR_0004_0", names, enlarged=2)


def ultrasound_study(folder: Path, data: Path) -> ViewerStudy:
    """Write an ultrasound image of a fetal head, which needs no data beside the checkout."""
    del data
    head = {"StudyDescription": "Fetal head", "ImageType": ["ORIGINAL", "PRIMARY"]}
    writer = _Writer("us", UltrasoundImageStorage, "US", head, window=(0, 255))
    return writer.write_picture(folder, EXAMPLES / "hc18", "051_HC", {1: "fetal head"}, enlarged=1)


STUDIES: Mapping[str, Callable[[Path, Path], ViewerStudy]] = {
    "ct": ct_study,
    "mr": mr_study,
    "oblong": oblong_study,
    "xray": film_study,
    "us": ultrasound_study,
}
"""What writes each study into a folder, from the folder of the small real data sets."""


def _heart(folder: Path, data: Path, *, name: str, pixel: tuple[float, float]) -> ViewerStudy:
    image, labels = _volume(data / "3d" / "acdc", "patient042_frame01")
    turn = _rotation(0.6, -0.5, 0.3)
    for volume in (image, labels):
        volume.SetDirection(tuple((turn @ np.reshape(volume.GetDirection(), (3, 3))).ravel()))
    spacing = (*pixel, image.GetSpacing()[2])
    image, labels = _resampled(image, labels, spacing=spacing, direction=turn, border=0.1, outside=0)
    head = {"BodyPartExamined": "HEART", "ImageType": ["ORIGINAL", "PRIMARY", "M"]}
    names = {1: "right ventricular cavity", 2: "left ventricular myocardium", 3: "left ventricular cavity"}
    top = int(np.percentile(sitk.GetArrayViewFromImage(image), 99.5))
    return _Writer(name, MRImageStorage, "MR", head, window=(0, top)).write_volume(folder, image, labels, names)


@dataclass(frozen=True)
class _Writer:
    """Writes one study.

    Attributes:
        name: of the study, from which its UIDs follow.
        kind: SOP class of its images.
        modality: of its images.
        head: other elements of its images.
        window: values shown black and white.
    """

    name: str
    kind: UID
    modality: str
    head: Mapping[str, Any]
    window: tuple[int, int]

    def write_volume(
        self, folder: Path, image: sitk.Image, labels: sitk.Image, names: Mapping[int, str]
    ) -> ViewerStudy:
        direction = np.reshape(image.GetDirection(), (3, 3))
        places = [
            {
                "ImagePositionPatient": _decimals(image.TransformIndexToPhysicalPoint((0, 0, z))),
                "ImageOrientationPatient": _decimals(direction[:, :2].T.ravel()),
                "PixelSpacing": _decimals(image.GetSpacing()[1::-1]),
                "SliceThickness": _decimals(image.GetSpacing()[2:])[0],
                "FrameOfReferenceUID": generate_uid(entropy_srcs=[self.name, "frame of reference"]),
                "RescaleIntercept": 0,
                "RescaleSlope": 1,
            }
            for z in range(image.GetDepth())
        ]
        slices = np.array(sitk.GetArrayViewFromImage(image), np.int16)
        return self._write(folder, slices, sitk.GetArrayFromImage(labels), names, places)

    def write_picture(
        self, folder: Path, place: Path, name: str, names: Mapping[int, str], *, enlarged: int
    ) -> ViewerStudy:
        picture, labels = Image.open(place / "images" / f"{name}.jpg"), Image.open(place / "masks" / f"{name}.png")
        size = (picture.width * enlarged, picture.height * enlarged)
        border = round(0.1 * max(size))
        pixels, values = (
            np.pad(np.asarray(one.convert("L").resize(size, how)), border)[None]
            for one, how in ((picture, Image.Resampling.BICUBIC), (labels, Image.Resampling.NEAREST))
        )
        return self._write(folder, pixels.astype(np.int16), values, names, [{}])

    def _write(
        self,
        folder: Path,
        slices: Pixels,
        labels: npt.NDArray[Any],
        names: Mapping[int, str],
        places: list[dict[str, Any]],
    ) -> ViewerStudy:
        folder.mkdir(parents=True, exist_ok=True)
        marks = _put_marks(slices, self.window)
        images = [self._image(number, pixels, places[number]) for number, pixels in enumerate(slices)]
        paths = tuple(folder / f"{self.name}-{number:03}.dcm" for number in range(len(images)))
        for path, image in zip(paths, images, strict=True):
            image.save_as(path, enforce_file_format=True)
        return ViewerStudy(
            name=self.name,
            paths=paths,
            study_uid=images[0].StudyInstanceUID,
            instance_uids=tuple(image.SOPInstanceUID for image in images),
            marks=marks,
            truth={phrase: labels == value for value, phrase in names.items()},
        )

    def _image(self, number: int, pixels: Pixels, place: Mapping[str, Any]) -> Dataset:
        image = Dataset()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        image.SOPClassUID = self.kind
        image.SOPInstanceUID = generate_uid(entropy_srcs=[self.name, "instance", str(number)])
        image.StudyInstanceUID = generate_uid(entropy_srcs=[self.name, "study"])
        image.SeriesInstanceUID = generate_uid(entropy_srcs=[self.name, "series"])
        image.SpecificCharacterSet = "ISO_IR 192"
        image.PatientName, image.PatientID = f"Beispiel^Käthe {self.name.upper()}", f"VIEWER-{self.name.upper()}"
        image.PatientBirthDate, image.PatientSex = "19000101", "O"
        image.StudyDate, image.StudyTime, image.StudyID = "20260101", "120000", "1"
        image.AccessionNumber, image.ReferringPhysicianName = "", ""
        image.Manufacturer, image.Modality, image.Laterality = "Rewritten as DICOM", self.modality, ""
        image.SeriesNumber, image.InstanceNumber, image.SeriesDescription = 1, number + 1, "Images"
        low, high = self.window
        image.WindowCenter, image.WindowWidth = (low + high) / 2, high - low
        for keyword, value in {**self.head, **place}.items():
            setattr(image, keyword, value)
        image.set_pixel_data(pixels, photometric_interpretation="MONOCHROME2", bits_stored=16)
        return image


def _volume(place: Path, name: str) -> tuple[sitk.Image, sitk.Image]:
    return sitk.ReadImage(place / "images" / f"{name}.nii.gz"), sitk.ReadImage(place / "labels" / f"{name}.nii.gz")


def _rotation(*angles: float) -> npt.NDArray[np.float64]:
    """The matrix (3, 3) of turns about x, y and z [radians]."""
    turn = sitk.Euler3DTransform()
    turn.SetRotation(*angles)
    return np.reshape(turn.GetMatrix(), (3, 3))


def _resampled(
    image: sitk.Image,
    labels: sitk.Image,
    *,
    spacing: tuple[float, float, float],
    direction: npt.NDArray[np.float64],
    border: float,
    outside: float,
) -> tuple[sitk.Image, sitk.Image]:
    """A volume on a grid of that spacing and direction which holds all of it.

    Within slices there is a border besides, of a share of their longer side.
    """
    ends = np.array(list(np.ndindex(2, 2, 2))) * (np.array(image.GetSize()) - 1)
    inside = np.array([image.TransformIndexToPhysicalPoint(end.tolist()) for end in ends]) @ direction
    low, high = inside.min(axis=0), inside.max(axis=0)
    edge = border * np.array([1, 1, 0]) * (high - low)[:2].max()
    grid = sitk.ResampleImageFilter()
    grid.SetOutputDirection(tuple(direction.ravel()))
    grid.SetOutputOrigin(tuple(direction @ (low - edge)))
    grid.SetOutputSpacing(spacing)
    grid.SetSize([int(count) for count in np.floor((high - low + 2 * edge) / spacing) + 1])
    grid.SetDefaultPixelValue(outside)
    grid.SetInterpolator(sitk.sitkLinear)
    pixels = grid.Execute(image)
    grid.SetDefaultPixelValue(0)
    grid.SetInterpolator(sitk.sitkNearestNeighbor)
    return pixels, grid.Execute(labels)


def _slab(image: sitk.Image, labels: sitk.Image, values: tuple[int, ...]) -> tuple[sitk.Image, sitk.Image]:
    """The slices from the first to the last one that shows one of some labels, and two more at either end."""
    shown = np.flatnonzero(np.isin(sitk.GetArrayViewFromImage(labels), values).any(axis=(1, 2)))
    first, last = max(0, int(shown[0]) - 2), int(shown[-1]) + 3
    return image[:, :, first:last], labels[:, :, first:last]


def _put_marks(slices: Pixels, window: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Put the squares on all slices, and return their centers (3, 2) in columns and rows."""
    rows, columns = slices.shape[1:]
    sides = [max(3, round(share * max(rows, columns))) for share in SQUARES]
    gap = sides[-1]
    corners = [(gap, gap), (columns - gap - sides[1], gap), (gap, rows - gap - sides[2])]
    for (column, row), side in zip(corners, sides, strict=True):
        slices[:, row : row + side, column : column + side] = window[1]
    return np.array(corners, float) + np.array(sides, float)[:, None] / 2


def _decimals(values: Any) -> list[str]:
    """Numbers as DICOM's decimal strings of at most 16 characters."""
    return [f"{value:.10f}"[:16] for value in values]
