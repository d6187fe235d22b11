# SPDX-License-Identifier: Apache-2.0
"""A made CT of a chest, and writers that store one volume in every format and axis order.

The chest is defined by ellipsoids in the patient's space (RAS+ [mm]), so that any grid, oblique or coarse, samples the
same patient. Its left and right sides differ.
"""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import SimpleITK
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

AXIS_ORDERS = tuple("".join(letters) for axes in permutations(("LR", "PA", "IS")) for letters in product(*axes))
"""The 48 ways to store a volume: the direction in which each array axis counts, such as "RAS" or "PIR"."""

# Center [mm], radii [mm] and value [HU], later ones over earlier ones. World x counts to the patient's right.
STRUCTURES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float], int]] = {
    "body": ((0, 0, 0), (170, 110, 140), 30),
    "right lung": ((75, 5, 25), (55, 75, 95), -800),
    "left lung": ((-80, 0, 40), (45, 65, 70), -820),
    "liver": ((65, 10, -90), (75, 70, 45), 110),
    "heart": ((-25, 30, -5), (48, 42, 48), 60),
    "spine": ((0, -75, 0), (22, 22, 135), 500),
    "nodule": ((-95, 10, 60), (13, 13, 13), 90),
}

CHEST_SHAPE = (44, 34, 26)
CHEST_AFFINE = np.array([[8.0, 0, 0, -172], [0, 7, 0, -115.5], [0, 0, 11.5, -144], [0, 0, 0, 1]])


def turned(affine: np.ndarray, degrees: float, axis: tuple[float, float, float] = (1, 2, 3)) -> np.ndarray:
    """Give an affine turned about the world's origin."""
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(degrees)
    rotation = np.eye(4)
    rotation[:3, :3] += np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew
    return rotation @ affine


def structure_mask(name: str, affine: np.ndarray = CHEST_AFFINE, shape: tuple[int, ...] = CHEST_SHAPE) -> np.ndarray:
    """Give the voxels whose centers lie in a structure, (x, y, z) bool."""
    center, radii, _ = STRUCTURES[name]
    world = nibabel.affines.apply_affine(affine, np.moveaxis(np.indices(shape), 0, -1))
    return (((world - center) / radii) ** 2).sum(-1) <= 1


def chest_ct(affine: np.ndarray = CHEST_AFFINE, shape: tuple[int, ...] = CHEST_SHAPE) -> np.ndarray:
    """Give the chest on a grid, (x, y, z) int16 [HU]; every voxel differs a little from its neighbors."""
    array = np.full(shape, -1000, np.int16)
    for name, (_, _, value) in STRUCTURES.items():
        array[structure_mask(name, affine, shape)] = value
    return array + np.random.default_rng(0).integers(-9, 10, shape, dtype=np.int16)


def write_nifti_in_order(path: Path, array: np.ndarray, affine: np.ndarray, order: str = "RAS") -> Path:
    """Write a volume (x, y, z) with its axes permuted and flipped to one of `AXIS_ORDERS`."""
    image = nibabel.Nifti1Image(array, affine)
    image.set_sform(affine, code=1)
    image.header.set_xyzt_units("mm")
    now = nibabel.orientations.io_orientation(affine)
    wanted = nibabel.orientations.axcodes2ornt(order)
    nibabel.save(image.as_reoriented(nibabel.orientations.ornt_transform(now, wanted)), path)
    return path


def write_nrrd(path: Path, array: np.ndarray, affine: np.ndarray) -> Path:
    """Write a volume (x, y, z) with an affine without shear; the suffix may as well be that of a MetaImage."""
    in_lps = np.diag([-1.0, -1, 1, 1]) @ affine
    spacing = np.linalg.norm(in_lps[:3, :3], axis=0)
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(array.T))
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(in_lps[:3, 3].tolist())
    image.SetDirection((in_lps[:3, :3] / spacing).ravel().tolist())
    SimpleITK.WriteImage(image, str(path), True)
    return path


def write_dicom_series(folder: Path, array: np.ndarray, affine: np.ndarray, **attributes: Any) -> Path:
    """Write a volume (x, y, z) of integers, without shear, as CT slices along z, whose names count against z."""
    folder.mkdir(parents=True, exist_ok=True)
    in_lps = np.diag([-1.0, -1, 1, 1]) @ affine
    x_step, y_step, z_step, origin = in_lps[:3].T
    lengths = np.linalg.norm(in_lps[:3, :3], axis=0)
    directions = np.concatenate([x_step / lengths[0], y_step / lengths[1]])
    for z in range(array.shape[2]):
        dataset = dicom_slice(
            (array[..., z].T.astype(np.int32) + 1024).astype(np.uint16),
            RescaleSlope="1",
            RescaleIntercept="-1024",
            FrameOfReferenceUID="1.2.3.4",
            ImageOrientationPatient=_decimals(directions),
            ImagePositionPatient=_decimals(origin + z * z_step),
            PixelSpacing=_decimals(lengths[1::-1]),
            SliceThickness=_decimals(lengths[2:])[0],
            **attributes,
        )
        dataset.save_as(folder / f"{array.shape[2] - z:04d}.dcm", enforce_file_format=True)
    return folder


def dicom_slice(pixels: np.ndarray, **attributes: Any) -> Dataset:
    """Give a CT slice without a place, of pixels (rows, columns[, 3]), with attributes by keyword."""
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


def _decimals(values: np.ndarray) -> list[str]:
    """Numbers as DICOM's decimal strings of at most 16 characters."""
    return [f"{value:.10f}"[:16] for value in values]
