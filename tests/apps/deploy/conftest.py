# SPDX-License-Identifier: Apache-2.0
"""A Python with the SDK, and small studies for the application; nothing here needs more than the application does."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

APP = Path(__file__).resolve().parents[3] / "apps" / "medglip_deploy"
collect_ignore_glob = ["on_the_sdk/*"]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def deploy_python() -> str:
    """A Python that has the SDK: this one, or the one that MEDGLIP_DEPLOY_PYTHON names."""
    named = os.environ.get("MEDGLIP_DEPLOY_PYTHON")
    if named is None and importlib.util.find_spec("holoscan") is None:
        pytest.skip("monai-deploy-app-sdk is not installed; MEDGLIP_DEPLOY_PYTHON may name a Python that has it")
    return named or sys.executable


@pytest.fixture
def run(deploy_python: str, tmp_path: Path) -> Run:
    """Runs the application as a site does, in a process of its own with a timeout."""

    def run_app(study: Path, *more: str, model: Path | None = None) -> subprocess.CompletedProcess[str]:
        bundles = model or APP.parents[1] / "bundles"
        command = [deploy_python, str(APP), "-i", study, "-o", tmp_path / "out", "-m", bundles, *more]
        return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=280)

    return run_app


@pytest.fixture
def write_film(tmp_path: Path) -> Callable[..., Path]:
    """Writes a chest film into the study and gives the study's folder."""

    def write(series: str = "1.2.3.77", **changes: Any) -> Path:
        folder = tmp_path / "study" / series
        folder.mkdir(parents=True)
        pixels = np.random.default_rng(7).integers(0, 200, (64, 64), np.uint8)
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"{series}.1"
        values: dict[str, Any] = {
            "SpecificCharacterSet": "ISO_IR 100",
            "PatientName": "Müller^Jürgen",
            "PatientID": "42",
            "StudyInstanceUID": "1.2.3",
            "SeriesInstanceUID": series,
            "Modality": "DX",
            "BodyPartExamined": "CHEST",
            "PatientOrientation": ["L", "F"],
            "Rows": 64,
            "Columns": 64,
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "BitsAllocated": 8,
            "BitsStored": 8,
            "HighBit": 7,
            "PixelRepresentation": 0,
            "PixelData": pixels.tobytes(),
        }
        for keyword, value in {**values, **changes}.items():
            setattr(dataset, keyword, value)
        dataset.save_as(folder / "film.dcm", enforce_file_format=True)
        return folder.parent

    return write
