# SPDX-License-Identifier: Apache-2.0
"""Tests of refusing grids by their header: size, memory, shear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.readers import available_memory, grid_checks
from monai_medglip.readers.grid_checks import check_size, refuse_shear

PATH = Path("a.nii")


@pytest.fixture
def one_mebibyte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid_checks, "available_bytes", lambda: 2**20)


@pytest.mark.usefixtures("one_mebibyte")
def test_a_volume_larger_than_the_free_memory_is_refused() -> None:
    check_size(PATH, (64, 64, 128), bytes_per_voxel=2)
    message = (
        r"a\.nii: expected an image that fits .* \(1024, 1024, 512\), which takes 1\.0 GiB to read; 0\.0 GiB are free"
    )
    with pytest.raises(ImageReadError, match=message):
        check_size(PATH, (1024, 1024, 512), bytes_per_voxel=2)


def test_where_the_system_tells_nothing_only_the_fixed_limit_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid_checks, "available_bytes", lambda: None)
    check_size(PATH, (1024, 1024, 2048), bytes_per_voxel=8)
    with pytest.raises(UnsupportedImageError, match="at most 2,147,483,648 voxels"):
        check_size(PATH, (1024, 1024, 2049))


def test_the_containers_limit_counts_where_it_is_lower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory, limit, unlimited = tmp_path / "meminfo", tmp_path / "memory.max", tmp_path / "unlimited"
    memory.write_text("MemTotal:  9000 kB\nMemAvailable:    4000 kB\n")
    limit.write_text("1000000\n")
    unlimited.write_text("max\n")
    monkeypatch.setattr(available_memory, "_MEMORY_INFO", memory)
    monkeypatch.setattr(available_memory, "_CONTAINER_LIMITS", (unlimited, tmp_path / "none"))
    assert available_memory.available_bytes() == 4000 * 1024
    monkeypatch.setattr(available_memory, "_CONTAINER_LIMITS", (limit,))
    assert available_memory.available_bytes() == 1_000_000


def test_other_systems_tell_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available_memory, "_MEMORY_INFO", tmp_path / "none")
    monkeypatch.setattr(available_memory, "_CONTAINER_LIMITS", ())
    assert available_memory.available_bytes() is None


def sheared(degrees: float, *, dims: int = 3, axes: frozenset[AxisPair] = frozenset(AxisPair)) -> Frame:
    affine = np.diag([2.0, 2, 3, 1])
    angle = np.deg2rad(degrees)
    affine[:3, 1] = 2 * np.sin(angle), 2 * np.cos(angle), 0
    return Frame(affine, (4, 5, 6)[:dims], axes)


@pytest.mark.parametrize("dims", [2, 3])
def test_shear_is_refused_with_its_angle(dims: int) -> None:
    refuse_shear(PATH, sheared(0.4, dims=dims))
    with pytest.raises(
        UnsupportedImageError, match=r"a\.nii: expected axes at right angles, .* sheared by 7\.5 degrees"
    ):
        refuse_shear(PATH, sheared(7.5, dims=dims))


def test_a_grid_that_claims_nothing_of_space_may_be_sheared() -> None:
    refuse_shear(PATH, sheared(20, axes=frozenset()))


def test_in_a_2d_image_only_the_plane_counts() -> None:
    affine = np.eye(4)
    affine[0, 2] = 0.5
    refuse_shear(PATH, Frame(affine, (4, 5), frozenset(AxisPair)))
