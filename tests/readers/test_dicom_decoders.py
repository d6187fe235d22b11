# SPDX-License-Identifier: Apache-2.0
"""Tests that quick ways to stored pixels give what pydicom's own decoders give, and leave the rest to them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, JPEGLosslessSV1

from monai_medglip.errors import ImageReadError
from monai_medglip.readers.dicom_decoding import decode_planes
from monai_medglip.readers.dicom_fast_decoders import FAST_SYNTAXES, decode_frame
from monai_medglip.readers.dicom_instance import read_instance
from monai_medglip.readers.dicom_native_pixels import native_dtype
from monai_medglip.readers.dicom_plane import planes_of
from tests.readers.hostile_files import plain_slice
from tests.volume_files import dicom_slice


def stored(path: Path) -> dict[int, np.ndarray]:
    """The stored pixels of a file, frame by frame."""
    found: dict[int, np.ndarray] = {}
    decode_planes(planes_of(read_instance(path)), lambda index, pixels: found.update({index: pixels.copy()}))
    return found


def independently(path: Path, plugin: str = "") -> np.ndarray:
    """All frames by a decoder that pydicom ships."""
    dataset = dcmread(path)
    decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
    pixels, _ = decoder.as_array(dataset, decoding_plugin=plugin)
    return pixels if "NumberOfFrames" in dataset and dataset.NumberOfFrames > 1 else pixels[None]


@pytest.mark.parametrize(
    ("name", "plugin"),
    [
        ("ct_3slice/01.dcm", "pyjpegls"),
        ("ct_lung_gtv", "pyjpegls"),
        ("ct_gap_j2k", "pylibjpeg"),
        ("mr_oblique_t1post", "pylibjpeg"),
        ("single/nm_jpeg_lossless.dcm", "gdcm"),
        ("single/ct_gantry_tilt_j2k_pixelrep_mismatch.dcm", "pylibjpeg"),
        ("enhanced/emri_small_jpeg_2k_lossless.dcm", "pylibjpeg"),
        ("enhanced/emri_small_jpeg_ls_lossless.dcm", "pyjpegls"),
    ],
)
def test_imagecodecs_decodes_as_other_libraries_do(shared_data: Path, name: str, plugin: str) -> None:
    path = shared_data / "dicom" / name
    path = min(path.iterdir()) if path.is_dir() else path
    assert read_instance(path).transfer_syntax in FAST_SYNTAXES
    expected = independently(path, plugin)
    found = stored(path)
    assert len(found) == len(expected)
    for index, pixels in found.items():
        assert pixels.dtype == expected.dtype
        np.testing.assert_array_equal(pixels, expected[index])


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize(("allocated", "used"), [(8, 8), (8, 6), (16, 16), (16, 12)])
def test_native_pixels_are_those_of_pydicom(tmp_path: Path, sign: int, allocated: int, used: int) -> None:
    kind = np.dtype(f"{'ui'[sign]}{allocated // 8}")
    noise = np.random.default_rng(0).integers(0, 2**allocated, (2, 5, 7)).astype(f"u{allocated // 8}")
    dataset = dicom_slice(noise[0].view(kind), BitsStored=used, HighBit=used - 1, NumberOfFrames=2)
    dataset.PixelData = noise.tobytes()
    dataset.save_as(tmp_path / "noise.dcm", enforce_file_format=True)
    assert native_dtype(read_instance(tmp_path / "noise.dcm")) == kind
    expected = independently(tmp_path / "noise.dcm")
    for index, pixels in stored(tmp_path / "noise.dcm").items():
        np.testing.assert_array_equal(pixels, expected[index])


@pytest.mark.parametrize(
    "change", [{"BitsStored": 17}, {"PixelRepresentation": 2}, {"PhotometricInterpretation": "PALETTE COLOR"}]
)
def test_pixels_that_are_not_plain_integers_are_left_to_pydicom(tmp_path: Path, change: dict[str, Any]) -> None:
    assert native_dtype(read_instance(plain_slice(tmp_path / "good.dcm"))) == np.int16
    assert native_dtype(read_instance(plain_slice(tmp_path / "other.dcm", **change))) is None


def test_a_frame_without_its_end_is_not_made_up(shared_data: Path, tmp_path: Path) -> None:
    dataset = dcmread(shared_data / "dicom" / "single" / "nm_jpeg_lossless.dcm")
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    dataset.PixelData = encapsulate([frame[: len(frame) // 4 * 2]])
    dataset.save_as(tmp_path / "cut.dcm")
    with pytest.raises(ImageReadError):
        stored(tmp_path / "cut.dcm")


def test_memory_is_taken_by_the_header_and_not_by_the_frame(shared_data: Path) -> None:
    dataset = dcmread(shared_data / "dicom" / "single" / "nm_jpeg_lossless.dcm")
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    said: dict[str, Any] = {
        "rows": dataset.Rows,
        "columns": dataset.Columns,
        "bits_allocated": dataset.BitsAllocated,
        "samples_per_pixel": 1,
        "transfer_syntax": UID(JPEGLosslessSV1),
        "get_option": lambda name, default: default,
    }
    assert len(decode_frame(frame, SimpleNamespace(**said))) == dataset.Rows * dataset.Columns * 2
    for wrong in ({"rows": 8}, {"columns": dataset.Columns + 1}, {"bits_allocated": 8}, {"samples_per_pixel": 3}):
        with pytest.raises(Exception, match=r"(?i)shape|dtype|color|size"):
            decode_frame(frame, SimpleNamespace(**(said | wrong)))
