# SPDX-License-Identifier: Apache-2.0
"""Series whose headers tell as much about a patient who does not exist as headers can, whole and broken ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import CTImageStorage, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

TOLD = {
    "PatientName": "Zwiebelkuchen^Änne=山田^花子",
    "PatientID": "PID-4711-88",
    "PatientBirthDate": "19481224",
    "PatientBirthName": "Lauchsuppe^Änne",
    "PatientAddress": "Dotterblumenweg 17",
    "PatientTelephoneNumbers": "0815-471199",
    "OtherPatientIDs": "OTHER-7788-55",
    "StudyDate": "20250317",
    "StudyTime": "093142",
    "AccessionNumber": "ACC66554433",
    "StudyID": "STUDY-9988",
    "ReferringPhysicianName": "Hinterhuber^Walburga",
    "PerformingPhysicianName": "Obermoser^Kunigunde",
    "OperatorsName": "Unterbichler^Zenzi",
    "InstitutionName": "Spital am Kuckuckssee",
    "StationName": "KUCKUCK-3",
    "PatientComments": "Tante von Hofrat Schlotterbein",
    "RequestingPhysician": "Quittenbaum^Eusebius",
}
"""What the headers tell, by keyword."""

WORDS = (
    *("zwiebelkuchen", "änne", "山田", "花子", "4711-88", "19481224", "1948-12-24", "24.12.1948", "lauchsuppe"),
    *("dotterblumenweg", "0815-471199", "other-7788-55", "20250317", "2025-03-17", "093142", "acc66554433"),
    *("study-9988", "hinterhuber", "walburga", "obermoser", "kunigunde", "unterbichler", "zenzi", "kuckuck"),
    *("schlotterbein", "quittenbaum", "eusebius"),
)
"""What must stand nowhere but in DICOM, in lower case."""


def write_film(path: Path, change: Callable[[Dataset], None] = lambda image: None) -> Path:
    """Write a chest film; the change is made before it is written."""
    image = _image(path.stem, 0, DigitalXRayImageStorageForPresentation, "DX")
    image.BodyPartExamined, image.PatientOrientation = "CHEST", ["L", "F"]
    _pixels(image, np.random.default_rng(5).integers(0, 200, (96, 80), np.uint8))
    return _save(image, path, change)


def write_neck_with_a_gap(folder: Path) -> list[Path]:
    """Write slices of a CT of head and neck, one of which is missing."""
    paths = []
    for number in (0, 1, 2, 4, 5):
        image = _image(folder.name, number, CTImageStorage, "CT")
        image.BodyPartExamined, image.FrameOfReferenceUID = "HEADNECK", generate_uid(entropy_srcs=[folder.name])
        image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 3.0 * number], [1, 0, 0, 0, 1, 0]
        image.PixelSpacing, image.SliceThickness = [1, 1], 3
        image.RescaleSlope, image.RescaleIntercept = 1, 0
        _pixels(image, np.full((32, 32), number, np.uint8))
        paths.append(_save(image, folder / f"{number}.dcm", lambda image: None))
    return paths


def lose_pixels(image: Dataset) -> None:
    """Leave half of the pixels out."""
    image.PixelData = image.PixelData[: len(image.PixelData) // 2]


def tell_in_wrong_forms(image: Dataset) -> None:
    """Values that libraries quote in warnings because they are too long or of no allowed form."""
    image.PatientBirthDate, image.StudyDate, image.StudyTime = "24.12.1948", "2025-03-17", "vormittags 093142"
    image.AccessionNumber = "ACC66554433 von Hofrat Schlotterbein"
    image.PatientName = "Zwiebelkuchen" * 6 + "^Änne"
    image.InstitutionName = "Spital am Kuckuckssee, " * 4
    image.OperatorsName = "Unterbichler^Zenzi^^^^^Obermoser"
    image.PatientAge = "Zenzi"
    for tag, vr, value in ((0x00101030, "DS", b"0815-471199 "), (0x00280034, "IS", b"Lauchsuppe\\1")):
        image[tag] = RawDataElement(Tag(tag), vr, len(value), value, 0, is_implicit_VR=False, is_little_endian=True)


def _image(name: str, number: int, sop_class: str, modality: str) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = sop_class
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[name, str(number)])
    image.StudyInstanceUID = generate_uid(entropy_srcs=[name, "study"])
    image.SeriesInstanceUID = generate_uid(entropy_srcs=[name, "series"])
    image.Modality, image.InstanceNumber, image.SeriesNumber = modality, number + 1, 1
    for keyword, value in TOLD.items():
        setattr(image, keyword, value)
    image.SeriesDescription = f"Aufnahme {TOLD['PatientComments']}"
    image.RequestAttributesSequence = [Dataset()]
    image.RequestAttributesSequence[0].ScheduledProcedureStepDescription = "fuer Hofrat Schlotterbein"
    return image


def _pixels(image: Dataset, pixels: np.ndarray) -> None:
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 8, 8, 7, 0
    image.PixelData = pixels.tobytes()


def _save(image: Dataset, path: Path, change: Callable[[Dataset], None]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some are wrong on purpose
        change(image)
        image.save_as(path, enforce_file_format=True)
    return path
