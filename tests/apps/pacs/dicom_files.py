# SPDX-License-Identifier: Apache-2.0
"""Small DICOM series of patients that do not exist."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def write_series(
    folder: Path, name: str, *, description: str = "good", instances: int = 2, manufacturer: str = "Scanner Works"
) -> list[Path]:
    """Write the slices of a CT series whose UIDs follow from its name, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(instances):
        image = _slice(name, number)
        image.SeriesDescription, image.Manufacturer = description, manufacturer
        path = folder / f"{name}-{number}.dcm"
        image.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def _slice(name: str, number: int) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = CTImageStorage
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid(
        entropy_srcs=[name, "instance", str(number)]
    )
    image.StudyInstanceUID = generate_uid(entropy_srcs=[name, "study"])
    image.SeriesInstanceUID = generate_uid(entropy_srcs=[name, "series"])
    image.PatientName, image.PatientID = f"Zwiebelkuchen^{name.title()}", f"PID-{name}-4711"
    image.PatientBirthDate, image.StudyDate, image.AccessionNumber = "19481224", "20250317", f"ACC{name}0815"
    image.ReferringPhysicianName = "Hinterhuber^Walburga"
    image.Modality, image.InstanceNumber = "CT", number + 1
    image.ImagePositionPatient, image.ImageOrientationPatient = [0, 0, 3.0 * number], [1, 0, 0, 0, 1, 0]
    image.PixelSpacing, image.SliceThickness = [1, 1], 3
    image.Rows = image.Columns = 16
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
    image.RescaleSlope, image.RescaleIntercept = 1, 0
    image.PixelData = np.full((16, 16), number, np.int16).tobytes()
    return image
