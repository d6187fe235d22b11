# SPDX-License-Identifier: Apache-2.0
"""Builds into and out of places that fail: full, read-only, too large for memory. A store is whole or not there."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from monai_medglip.cli.main import main
from monai_medglip.data_engine.build import build_store
from monai_medglip.data_engine.interchange import write_coco, write_data_card, write_hugging_face
from monai_medglip.data_engine.store import GroundingStore, copy_store, write_shards
from monai_medglip.errors import OutputError
from tests.data_engine.build.test_build import digest
from tests.phantoms import VOLUME_COLUMNS, PhantomFolder, blocks, write_tsv

pytest.importorskip("imagehash", reason="imagehash is in the extra 'data'")


def _mounted(folder: Path, *words: str) -> None:
    folder.mkdir()
    try:
        mount = subprocess.run(["mount", *words, str(folder)], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no program 'mount' here")
    if mount.returncode:
        pytest.skip(f"no file system can be mounted here: {mount.stderr.strip()}")


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A disk of 256 KiB of its own, on which a test may take the room away."""
    folder = tmp_path / "Platte ä 空"
    _mounted(folder, "-t", "tmpfs", "-o", "size=256k", "tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def read_only(tmp_path) -> Iterator[Path]:
    """A disk that nobody can write to, not even who may do all."""
    folder = tmp_path / "read only"
    _mounted(folder, "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(disk: Path, free: int) -> Path:
    """Leave so many bytes free."""
    filler = disk / "filler"
    room = os.statvfs(disk)
    filler.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - free)))
    return filler


@pytest.mark.parametrize("free", [0, 4096, 16384, 40960])
def test_a_full_disk_is_a_clear_error_and_with_room_again_the_build_ends(free, plan, disk, tmp_path) -> None:
    build_store(plan, tmp_path / "whole", tmp_path / "work")
    filler = _fill(disk, free)
    with pytest.raises(OutputError, match="No space left on device"):
        build_store(plan, disk / "store", disk / "work")
    assert not (disk / "store" / "manifest.json").exists()
    filler.unlink()
    build_store(plan, disk / "store", disk / "work")
    assert digest(disk / "store") == digest(tmp_path / "whole")
    assert not list(disk.rglob(".*"))


def test_a_full_disk_under_the_store_alone_keeps_what_is_done(plan, disk, tmp_path) -> None:
    filler = _fill(disk, 8192)
    with pytest.raises(OutputError, match="No space left on device"):
        build_store(plan, disk / "store", tmp_path / "work")
    filler.unlink()
    report = build_store(plan, disk / "store", tmp_path / "work")
    assert report.done_before == report.unit_count


@pytest.mark.parametrize("write", [write_coco, write_hugging_face, write_shards, copy_store])
def test_exports_and_copies_onto_a_full_disk_leave_nothing_that_looks_whole(write, plan, disk, tmp_path) -> None:
    build_store(plan, tmp_path / "store", tmp_path / "work")
    store = GroundingStore(tmp_path / "store")
    filler = _fill(disk, 8192)
    with pytest.raises(OutputError, match="No space left on device"):
        write(store.path if write is copy_store else store, disk / "out")
    assert not (disk / "out" / "manifest.json").exists()
    if write is not write_shards:
        assert list(disk.iterdir()) == [filler]


def test_a_read_only_target_is_a_clear_error_of_the_command_line(polyps, read_only, tmp_path, capsys) -> None:
    assert main(["data", "build", f"kvasir_seg={polyps}", "--out", str(read_only / "store")]) == 1
    assert "Read-only file system" in capsys.readouterr().err
    words = ["--out", str(read_only / "store"), "--work", str(tmp_path / "work")]
    assert main(["data", "build", f"kvasir_seg={polyps}", *words]) == 1
    assert "Read-only file system" in capsys.readouterr().err


def test_exports_into_a_read_only_place_are_clear_errors(plan, read_only, tmp_path) -> None:
    build_store(plan, tmp_path / "store", tmp_path / "work")
    store = GroundingStore(tmp_path / "store")
    for write in (write_coco, write_hugging_face):
        with pytest.raises(OutputError, match="Read-only file system"):
            write(store, read_only / "out")
    with pytest.raises(OutputError, match="Read-only file system"):
        write_data_card(store, read_only / "README.md", name="made")
    with pytest.raises(OutputError, match="Read-only file system"):
        copy_store(store.path, read_only / "out")


def test_names_with_spaces_and_letters_of_any_script_are_names_like_others(plan, polyps, tmp_path) -> None:
    build_store(plan, tmp_path / "plain", tmp_path / "work")
    assert "空格" in polyps.name
    strange = tmp_path / "Спринтер 'quoted' & 空 #1 %20"
    build_store(plan, strange / "store ü", strange / "work ß")
    assert digest(strange / "store ü") == digest(tmp_path / "plain")
    store = GroundingStore(strange / "store ü")
    assert store.query("SELECT count(*) AS n FROM regions")["n"].to_pylist() == [11]
    assert store.read(store.records()[0]).array.shape == (1, 48, 40)


IN_LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from monai_medglip.cli.main import main
from monai_medglip.readers import read_image
from monai_medglip.ontology import Ontology
import monai_medglip.data_engine.build.whole_build, imagehash, nibabel, cc3d, duckdb, scipy.ndimage
Ontology.default()
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["nii.gz", "nii"])
def test_a_volume_larger_than_memory_is_a_finding_and_the_build_goes_on(suffix, tmp_path) -> None:
    """2 GiB of voxels, where 800 MiB may be taken."""
    folder = tmp_path / "raw"
    folder.mkdir()
    made = PhantomFolder(folder, [{"source": "kits23", "value": 1, "label": "kidney"}])
    for name in ("large", "small"):
        made.add_volume(name, blocks((12, 10, 8), (1, np.s_[2:6, 2:6, 2:6])), source="kits23")
    row = made.rows[0] | {"image": f"images/large.{suffix}", "shape": "1024x1024x1024"}
    (folder / "images" / "large.nii.gz").unlink()
    _write_large(folder / "images" / f"large.{suffix}")
    write_tsv(folder / "INDEX.tsv", VOLUME_COLUMNS, [row, made.rows[1]])
    words = ["data", "build", f"kits23={folder}", "--out", str(tmp_path / "store")]
    process = subprocess.run(
        [sys.executable, "-c", IN_LITTLE_MEMORY, str(800 << 20), *words], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    rows = pq.read_table(tmp_path / "store" / "findings" / "00000.parquet").to_pylist()
    (finding,) = [row for row in rows if row["check"] == "unreadable"]
    assert finding["record"] == "large"
    assert "memory" in finding["reason"]
    assert [record.id for record in GroundingStore(tmp_path / "store").records()] == ["small"]


def _write_large(path: Path) -> None:
    """Write a NIfTI file of 1024 x 1024 x 1024 voxels of zero."""
    import nibabel

    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((1024, 1024, 1024))
    header["vox_offset"], header["magic"] = 352, b"n+1"
    start = header.binaryblock + bytes(4)
    if path.suffix == ".nii":
        with path.open("wb") as file:
            file.write(start)
            file.truncate(len(start) + (2 << 30))
        return
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(start)
        for _ in range(256):
            file.write(bytes(8 << 20))


@pytest.mark.slow
def test_an_index_larger_than_memory_is_a_clear_error(tmp_path) -> None:
    folder = tmp_path / "fracatlas"
    index = folder / "FracAtlas" / "Annotations" / "COCO JSON" / "COCO_fracture_masks.json"
    index.parent.mkdir(parents=True)
    with index.open("wb") as file:
        file.truncate(2 << 30)
    words = ["data", "build", f"fracatlas={folder}", "--out", str(tmp_path / "store")]
    process = subprocess.run(
        [sys.executable, "-c", IN_LITTLE_MEMORY, str(800 << 20), *words], capture_output=True, text=True, check=False
    )
    assert process.returncode == 1
    assert "expected a JSON file that fits into memory" in process.stderr
    assert not (tmp_path / "store").exists()
