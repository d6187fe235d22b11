# SPDX-License-Identifier: Apache-2.0
"""Tests of the one entry: what it says of paths that are no image, and how it finds the format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_medglip.errors import ConfigurationError, ImageReadError
from monai_medglip.imaging import Modality
from monai_medglip.readers import read_frame, read_image


@pytest.fixture
def png(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4)).save(path)
    return path


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match=r"no\.png: expected an image file or .* nothing is there"):
        read_image(tmp_path / "no.png")


def test_a_folder_without_images_is_refused(tmp_path: Path, png: Path) -> None:
    with pytest.raises(ImageReadError, match=r"found no DICOM file among 1 files; give the folder"):
        read_image(tmp_path)


@pytest.mark.parametrize("name", ["a.png", "a.nii.gz", "a.dcm", "a.mha", "a"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ImageReadError, match=r"the file is empty \(0 bytes\)"):
        read_image(tmp_path / name)


@pytest.mark.parametrize("name", ["a.gif", "a.xyz", "a"])
def test_an_unknown_format_is_refused_with_those_that_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"GIF89a....")
    with pytest.raises(ImageReadError, match=r"one of PNG, JPEG, TIFF, .* it begins with b'GIF89a"):
        read_image(tmp_path / name)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.bmp", "a.nii", "a.nrrd", "a.mha", "a.dcm"])
def test_text_under_any_images_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("these are words, not pixels\n" * 40)
    with pytest.raises(ImageReadError, match=name):
        read_image(tmp_path / name)


@pytest.mark.parametrize("name", ["a.jpg", "a.dcm", "a.nii.gz", "no_suffix"])
def test_the_content_decides_not_the_name(tmp_path: Path, png: Path, name: str) -> None:
    renamed = png.rename(tmp_path / name)
    assert read_image(renamed).array.shape == (1, 4, 3)


def test_the_modality_is_what_the_user_says(png: Path) -> None:
    assert read_image(png).modality is Modality.UNKNOWN
    assert read_image(str(png), modality="fundus").modality is Modality.FU


def test_a_wrong_modality_is_refused_before_reading() -> None:
    with pytest.raises(ConfigurationError, match="expected a modality"):
        read_image("no.png", modality="smell")


def test_a_file_that_must_not_be_opened_is_refused(png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(ImageReadError, match="Permission denied"):
        read_image(png)


def test_every_real_picture_of_the_shared_data_is_read(shared_data: Path) -> None:
    firsts = [
        sorted((folder / "images").iterdir())[0] for folder in sorted((shared_data / "2d").iterdir()) if folder.is_dir()
    ]
    for path in firsts:
        with Image.open(path) as picture:
            assert read_image(path).spatial_shape == picture.size
    assert len(firsts) == 15


def test_the_frame_of_a_picture_is_that_of_its_scan(png: Path) -> None:
    assert read_frame(png) == read_image(png).frame


def test_the_frame_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match=r"no\.nii: expected an image file or .* nothing is there"):
        read_frame(tmp_path / "no.nii")
