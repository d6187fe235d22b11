# SPDX-License-Identifier: Apache-2.0
"""Tests of the reader inside stock MONAI transforms."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.data import DataLoader, Dataset, MetaTensor
from monai.transforms import Compose, EnsureChannelFirstd, LoadImage, LoadImaged, Orientationd
from PIL import Image

from monai_medglip.errors import ConfigurationError, UnsupportedImageError
from monai_medglip.readers import ScanReader, read_image, scan_from_tensor

AFFINE = np.array([[0, -2, 0, 5], [3, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1.0]])


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).integers(0, 99, (3, 4, 5)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, AFFINE), tmp_path / "a.nii.gz")
    return tmp_path / "a.nii.gz"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    return tmp_path / "a.png"


@pytest.mark.parametrize("reader", [ScanReader(), ScanReader, "monai_medglip.readers.ScanReader"])
def test_load_imaged_gives_array_and_affine_of_the_scan(volume: Path, reader: object) -> None:
    item = Compose([LoadImaged(keys="image", reader=reader), EnsureChannelFirstd(keys="image")])({"image": volume})
    scan = read_image(volume)
    assert isinstance(item["image"], MetaTensor)
    np.testing.assert_array_equal(item["image"].numpy(), scan.array)
    np.testing.assert_allclose(item["image"].affine, scan.frame.affine)


@pytest.mark.parametrize("ensure_channel_first", [False, True])
def test_a_color_picture_stays_channel_first(picture: Path, ensure_channel_first: bool) -> None:
    image = LoadImage(reader=ScanReader(), ensure_channel_first=ensure_channel_first)(picture)
    np.testing.assert_array_equal(image.numpy(), read_image(picture).array)


def test_the_reader_is_wired_by_name_in_a_bundle_config(picture: Path) -> None:
    parser = ConfigParser(
        {"load": {"_target_": "LoadImaged", "keys": "image", "reader": "monai_medglip.readers.ScanReader"}}
    )
    assert parser.get_parsed_content("load")({"image": str(picture)})["image"].shape == (3, 6, 4)


def test_a_loaded_tensor_becomes_the_same_scan_again(volume: Path) -> None:
    back, scan = scan_from_tensor(LoadImage(reader=ScanReader("MR"))(volume)), read_image(volume, modality="MR")
    np.testing.assert_array_equal(back.array, scan.array)
    assert (back.frame, back.modality) == (scan.frame, scan.modality)


def test_a_transform_of_monai_keeps_voxels_at_their_place(volume: Path) -> None:
    ras = (("L", "R"), ("P", "A"), ("I", "S"))
    item = Compose(
        [LoadImaged(keys="image", reader=ScanReader()), Orientationd(keys="image", axcodes="RAS", labels=ras)]
    )({"image": volume})
    before, after = read_image(volume), scan_from_tensor(item["image"])
    value = before.array[0, 2, 1, 3]
    for scan in (before, after):
        places = scan.frame.index_to_world(np.argwhere(scan.array[0] == value))
        assert (np.abs(places - before.frame.index_to_world([[2, 1, 3]])).max(axis=1) < 1e-6).any()


def test_a_refused_image_is_not_read_by_another_reader(shared_data: Path) -> None:
    with pytest.raises(UnsupportedImageError, match="gantry tilt"):
        LoadImage(reader=ScanReader())(shared_data / "dicom" / "ct_gantry_tilt")


def test_images_with_and_without_knowledge_are_collated(volume: Path, tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 4, 5), np.int16), None), tmp_path / "b.nii")
    items = [{"image": str(path)} for path in (volume, tmp_path / "b.nii")]
    batch = next(iter(DataLoader(Dataset(items, LoadImaged(keys="image", reader=ScanReader())), batch_size=2)))
    assert batch["image"].shape == (2, 1, 3, 4, 5)
    assert torch.equal(batch["image"].meta["known_axes"], torch.tensor([[True] * 3, [False] * 3]))


def test_several_paths_and_options_are_refused(volume: Path) -> None:
    assert not ScanReader().verify_suffix([volume, volume])
    with pytest.raises(ConfigurationError, match="expected one path"):
        ScanReader().read([volume, volume])
