# SPDX-License-Identifier: Apache-2.0
"""A writer of small DICOM files, for what no real file at hand shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.volume_files import dicom_slice

WriteDicom = Callable[..., Path]


@pytest.fixture
def write_dicom(tmp_path: Path) -> WriteDicom:
    """Write ``pixels`` (rows, columns[, 3]) with the attributes given by keyword; gives the path."""

    def write(name: str, pixels: np.ndarray, **attributes: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        dicom_slice(pixels, **attributes).save_as(path, enforce_file_format=True)
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
