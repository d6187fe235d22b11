# SPDX-License-Identifier: Apache-2.0
"""A writer of small DICOM files, for what no real file at hand shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

WriteDicom = Callable[..., Path]


def _dataset(pixels: np.ndarray, attributes: dict[str, Any]) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.SeriesInstanceUID = "1.2.3"
    dataset.Modality = "CT"
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    dataset.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    if pixels.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = pixels.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.fixture
def write_dicom(tmp_path: Path) -> WriteDicom:
    """Write ``pixels`` (rows, columns[, 3]) with the attributes given by keyword; gives the path."""

    def write(name: str, pixels: np.ndarray, **attributes: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        _dataset(pixels, attributes).save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def write_series(write_dicom: WriteDicom) -> WriteDicom:
    """Write a folder of axial slices at the positions z; attributes that are lists of tuples go slice by slice."""

    def write(folder: str, positions: list[float], **attributes: Any) -> Path:
        for number, z in enumerate(positions):
            own = {key: value[number] if isinstance(value, tuple) else value for key, value in attributes.items()}
            geometry: dict[str, Any] = {
                "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
                "ImagePositionPatient": [0, 0, z],
                "PixelSpacing": [1, 1],
            }
            pixels = np.full((4, 3), number, np.int16)
            path = write_dicom(f"{folder}/{number}.dcm", pixels, **(geometry | own))
        return path.parent

    return write
