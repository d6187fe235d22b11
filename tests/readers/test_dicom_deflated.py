# SPDX-License-Identifier: Apache-2.0
"""Tests that deflated files are inflated only as far as they are wanted, and hold what the plain ones do."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.readers import dicom_instance, read_image
from monai_medglip.readers.dicom_deflated import DeflatedFile
from monai_medglip.readers.dicom_instance import read_instance
from tests.volume_files import dicom_slice

NOISE = np.random.default_rng(0).integers(0, 256, (512, 512), dtype=np.uint8)


def deflated(folder: Path, pixels: np.ndarray, **attributes: object) -> Path:
    dataset = dicom_slice(pixels, **attributes)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(folder / "deflated.dcm", enforce_file_format=True)
    return folder / "deflated.dcm"


def nested() -> Sequence:
    """A sequence of undefined length, which is left to pydicom."""
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3"
    found = Sequence([item])
    found.is_undefined_length = True
    return found


@pytest.mark.parametrize("shape", [(16, 8), (512, 512)])
def test_a_deflated_file_equals_the_plain_one(tmp_path: Path, shape: tuple[int, int]) -> None:
    pixels = NOISE[: shape[0], : shape[1]]
    np.testing.assert_array_equal(read_image(deflated(tmp_path, pixels)).array[0].T, pixels)


@pytest.mark.parametrize("attributes", [{"ReferencedImageSequence": nested()}, {"TextValue": "x" * 80_000}])
def test_a_header_that_is_unusual_or_long_is_read(tmp_path: Path, attributes: dict[str, object]) -> None:
    path = deflated(tmp_path, NOISE, **attributes)
    np.testing.assert_array_equal(read_image(path).array[0].T, NOISE)


def test_for_the_header_only_the_first_bytes_are_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, asked = deflated(tmp_path, NOISE), []
    inflate = DeflatedFile.inflate
    monkeypatch.setattr(DeflatedFile, "inflate", lambda file, most: asked.append(most) or inflate(file, most))
    instance = read_instance(path)
    assert max(asked) < NOISE.size
    assert instance.pixels.length == NOISE.size


def test_a_deflate_bomb_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_instance, "MAX_INFLATED_BYTES", 100_000)
    path = deflated(tmp_path, np.zeros((512, 512), np.uint8))
    assert path.stat().st_size < 5000
    with pytest.raises(UnsupportedImageError, match="deflated DICOM file of at most 100,000 bytes"):
        read_image(path)


def test_what_follows_the_pixels_is_never_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_instance, "MAX_INFLATED_BYTES", 2**20)
    pixels = NOISE[:400]
    path = deflated(tmp_path, pixels, DataSetTrailingPadding=bytes(8 * 2**20))
    np.testing.assert_array_equal(read_image(path).array[0].T, pixels)


@pytest.mark.parametrize("lost", [30, 100_000])
def test_a_cut_off_file_is_refused(tmp_path: Path, lost: int) -> None:
    path = deflated(tmp_path, NOISE)
    path.write_bytes(path.read_bytes()[:-lost])
    with pytest.raises(ImageReadError, match="it is truncated, copy it again"):
        read_image(path)


def test_a_file_that_holds_less_than_its_header_says_is_refused(tmp_path: Path) -> None:
    path = deflated(tmp_path, np.zeros((16, 8), np.uint8))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ImageReadError):
        read_image(path)


def test_the_bytes_are_those_of_zlib(tmp_path: Path) -> None:
    path = deflated(tmp_path, NOISE)
    file = DeflatedFile.open(path)
    start = 144 + file.file_meta.FileMetaInformationGroupLength
    whole = zlib.decompress(path.read_bytes()[start:], -zlib.MAX_WBITS)
    assert file.inflate(1000) == whole[:1000]
    assert file.inflate(2**30) == whole
