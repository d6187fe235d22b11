# SPDX-License-Identifier: Apache-2.0
"""A small oblique CT series, and structure sets and segmentations drawn on it, with truths by another way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pydicom
from matplotlib.path import Path as Outline
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, RTStructureSetStorage

COLUMNS, ROWS, SLICES = 30, 24, 6
ROW_SPACING, COLUMN_SPACING, SLICE_DISTANCE = 1.3, 0.9, 2.5
ORIGIN = np.array([-20.0, 35.5, 110.0])
FRAME, SERIES, STUDY = "1.2.826.0.1.3680043.8.498.1", "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.3"


def _turned(first: float, second: float) -> np.ndarray:
    """Directions of a row, a column and the normal after two turns, as rows."""
    about_x = np.array([[1, 0, 0], [0, np.cos(first), -np.sin(first)], [0, np.sin(first), np.cos(first)]])
    about_z = np.array([[np.cos(second), -np.sin(second), 0], [np.sin(second), np.cos(second), 0], [0, 0, 1]])
    return (about_x @ about_z).T


DIRECTIONS = _turned(0.4, -0.7)


def instance_uid(number: int) -> str:
    """Give the SOP instance of a slice, counted from 0 along the normal."""
    return f"{SERIES}.{number + 1}"


def point(x: float, y: float, z: float) -> np.ndarray:
    """Give the place [mm, LPS] of pixel (column x, row y) of slice z by DICOM's own equation (C.7.6.2.1-1)."""
    row, column, normal = DIRECTIONS
    return ORIGIN + row * COLUMN_SPACING * x + column * ROW_SPACING * y + normal * SLICE_DISTANCE * z


def write_series(
    folder: Path, *, series: str = SERIES, frame: str = FRAME, left_out: Sequence[int] = ()
) -> list[Dataset]:
    """Write the series; file names tell nothing of the order."""
    folder.mkdir(parents=True, exist_ok=True)
    slices = []
    for number in range(SLICES):
        dataset = _dataset(CTImageStorage, instance_uid(number).replace(SERIES, series))
        dataset.Modality, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = "CT", series, frame
        dataset.StudyInstanceUID = STUDY
        dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate, dataset.PatientSex = (
            "P1",
            "Phantom^Oblique",
            "",
            "",
        )
        dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber, dataset.AccessionNumber = (
            "1",
            1,
            SLICES - number,
            "",
        )
        dataset.StudyDate = dataset.StudyTime = dataset.ReferringPhysicianName = dataset.Manufacturer = ""
        dataset.Columns, dataset.Rows, dataset.SamplesPerPixel = COLUMNS, ROWS, 1
        dataset.PixelSpacing, dataset.SliceThickness = [ROW_SPACING, COLUMN_SPACING], SLICE_DISTANCE
        dataset.ImageOrientationPatient = [*map(float, DIRECTIONS[0]), *map(float, DIRECTIONS[1])]
        dataset.ImagePositionPatient = [float(f"{place:.9g}") for place in point(0, 0, number)]
        dataset.PositionReferenceIndicator = ""
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation, dataset.PhotometricInterpretation = 15, 1, "MONOCHROME2"
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
        pixels = np.random.default_rng(number).integers(-1000, 1000, (ROWS, COLUMNS)).astype(np.int16)
        dataset.PixelData = pixels.tobytes()
        slices.append(dataset)
        if number not in left_out:
            pydicom.dcmwrite(folder / f"{(number * 5) % 7}.dcm", dataset, enforce_file_format=True)
    return slices


Contour = tuple[int, np.ndarray]
"""Slice and points (N, 2), pixel columns and rows."""


def write_structures(
    path: Path,
    regions: Mapping[str, Sequence[Contour]],
    *,
    series: str = SERIES,
    frame: str = FRAME,
    with_instances: bool = True,
    kind: str = "CLOSED_PLANAR",
) -> Dataset:
    """Write an RTSTRUCT with the contours of named regions."""
    dataset = _dataset(RTStructureSetStorage, f"{SERIES}.900")
    dataset.Modality = "RTSTRUCT"
    reference = Dataset()
    reference.FrameOfReferenceUID = frame
    study, referenced = Dataset(), Dataset()
    referenced.SeriesInstanceUID = series
    study.RTReferencedSeriesSequence = [referenced]
    reference.RTReferencedStudySequence = [study]
    dataset.ReferencedFrameOfReferenceSequence = [reference]
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(regions.items(), start=1):
        roi, drawn = Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, frame
        drawn.ReferencedROINumber = number
        drawn.ContourSequence = [_contour(*contour, series, with_instances, kind) for contour in contours]
        dataset.StructureSetROISequence.append(roi)
        dataset.ROIContourSequence.append(drawn)
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return dataset


def _contour(number: int, points: np.ndarray, series: str, with_instances: bool, kind: str) -> Dataset:
    contour = Dataset()
    contour.ContourGeometricType = kind
    places = np.concatenate([point(x, y, number) for x, y in points])
    contour.NumberOfContourPoints, contour.ContourData = len(points), [f"{place:.6f}"[:16] for place in places]
    if with_instances:
        image = Dataset()
        image.ReferencedSOPClassUID = CTImageStorage
        image.ReferencedSOPInstanceUID = instance_uid(number).replace(SERIES, series)
        contour.ContourImageSequence = [image]
    return contour


def inside(points: np.ndarray) -> np.ndarray:
    """Give the pixels (x, y) whose middles lie in a contour, by matplotlib, in millimeters of the plane."""
    outline = Outline(np.asarray(points) * [COLUMN_SPACING, ROW_SPACING])
    middles = np.stack(np.meshgrid(np.arange(COLUMNS), np.arange(ROWS), indexing="ij"), axis=-1).reshape(-1, 2)
    return outline.contains_points(middles * [COLUMN_SPACING, ROW_SPACING]).reshape(COLUMNS, ROWS)


def _dataset(sop_class: str, instance: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, instance
    return dataset
