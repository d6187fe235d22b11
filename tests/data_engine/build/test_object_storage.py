# SPDX-License-Identifier: Apache-2.0
"""Builds from S3 and stores on S3, against a local server that speaks S3: the same bytes, and what happens on 503."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from monai_medglip.cli.main import main
from monai_medglip.data_engine.build import BuildPlan, PlannedSource, build_store
from monai_medglip.data_engine.build.schedulers import LocalPool
from monai_medglip.data_engine.cards import source_card
from monai_medglip.data_engine.store import GroundingStore, copy_store
from monai_medglip.errors import DataError, OutputError, StorageError
from tests.data_engine.build.test_build import digest

pytest.importorskip("moto.server", reason="moto (extra dev) is not installed")
s3fs = pytest.importorskip("s3fs", reason="s3fs (extra s3) is not installed")
upath = pytest.importorskip("upath", reason="universal-pathlib (extra data) is not installed")
pytest.importorskip("imagehash", reason="imagehash is in the extra 'data'")

from tests.data_engine.build.object_storage import ObjectStorage  # it needs moto  # noqa: E402

SALT = "a salt that no build uses"


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStorage]:
    running = ObjectStorage()
    yield running
    running.close()


@pytest.fixture
def door(server, monkeypatch) -> Iterator[ObjectStorage]:
    """The server as the one that this process speaks to; who asks it in vain asks a few times only."""
    words = {"AWS_ACCESS_KEY_ID": "made", "AWS_SECRET_ACCESS_KEY": "up", "AWS_DEFAULT_REGION": "us-east-1"}
    words |= {"AWS_ENDPOINT_URL": server.address, "AWS_MAX_ATTEMPTS": "1"}
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    server.refused, server.refusals = None, 0
    yield server
    server.refused = None
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def downloaded(tmp_path) -> Path:
    """Six pictures and masks as Kvasir-SEG has them."""
    root = tmp_path / "Kvasir SEG ä"
    chance = np.random.default_rng(0)
    for number in range(6):
        mask = np.zeros((40, 48), np.uint8)
        mask[5:25, 6 : 20 + number] = 255
        for kind, pixels in (("images", chance.integers(0, 255, (40, 48, 3), np.uint8)), ("masks", mask)):
            (root / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(root / kind / f"{number}.jpg", quality=95)
    return root


@pytest.fixture
def bucket(door, downloaded) -> Path:
    """The same in a bucket of its own."""
    root = upath.UPath(f"s3://made-{downloaded.parent.name.replace('_', '-')[:50]}/Kvasir SEG ä")
    root.fs.mkdir(root.parent.path.partition("/")[0])
    for file in sorted(downloaded.rglob("*.jpg")):
        (root / file.relative_to(downloaded).as_posix()).write_bytes(file.read_bytes())
    return root


def plan_of(root: Path) -> BuildPlan:
    return BuildPlan((PlannedSource(source_card("kvasir_seg"), root),), SALT, unit_size=2)


def test_a_build_from_s3_gives_the_bytes_of_a_local_one_and_reads_the_same_images(downloaded, bucket, tmp_path) -> None:
    build_store(plan_of(downloaded), tmp_path / "local", tmp_path / "work1")
    build_store(plan_of(bucket), tmp_path / "remote", tmp_path / "work2")
    assert digest(tmp_path / "local") == digest(tmp_path / "remote")
    local, remote = GroundingStore(tmp_path / "local"), GroundingStore(tmp_path / "remote")
    assert len(local) == 6
    for one, other in zip(local.records(), remote.records(), strict=True):
        assert str(other.image).startswith("s3://")
        assert np.array_equal(local.read(one).array, remote.read(other).array)


@pytest.mark.slow
def test_processes_read_from_s3_too(downloaded, bucket, tmp_path) -> None:
    build_store(plan_of(downloaded), tmp_path / "local", tmp_path / "work1")
    build_store(plan_of(bucket), tmp_path / "remote", tmp_path / "work2", scheduler=LocalPool(2))
    assert digest(tmp_path / "local") == digest(tmp_path / "remote")


def test_a_store_goes_to_s3_and_comes_back_with_the_same_bytes(downloaded, bucket, tmp_path, capsys) -> None:
    build_store(plan_of(downloaded), tmp_path / "store", tmp_path / "work")
    address = str(bucket.parent / "stores" / "Speicher ä")
    assert main(["data", "copy", str(tmp_path / "store"), address]) == 0
    assert "6 images" in capsys.readouterr().out
    assert main(["data", "copy", address, str(tmp_path / "back")]) == 0
    assert digest(tmp_path / "back") == digest(tmp_path / "store")
    assert GroundingStore(tmp_path / "back").damaged_files() == []
    assert main(["data", "copy", str(tmp_path / "store"), address]) == 1
    assert "there is one" in capsys.readouterr().err


def test_a_storage_that_says_503_in_the_middle_stops_the_build_and_the_next_start_ends_it(
    door, downloaded, bucket, tmp_path
) -> None:
    build_store(plan_of(downloaded), tmp_path / "local", tmp_path / "work1")
    door.refused = "/images/3.jpg"
    with pytest.raises(StorageError, match=r"images/3\.jpg: expected a storage that answers, .*reduce your rate"):
        build_store(plan_of(bucket), tmp_path / "store", tmp_path / "work2")
    assert 1 < door.refusals <= 10
    assert not (tmp_path / "store").exists()
    door.refused = None
    assert build_store(plan_of(bucket), tmp_path / "store", tmp_path / "work2").done_before == 1
    assert digest(tmp_path / "store") == digest(tmp_path / "local")


def test_a_broken_file_on_s3_is_a_finding_that_names_no_place_and_the_build_goes_on(bucket, tmp_path) -> None:
    (bucket / "images" / "4.jpg").write_bytes(b"broken")
    build_store(plan_of(bucket), tmp_path / "store", tmp_path / "work")
    rows = pq.read_table(tmp_path / "store" / "findings" / "00000.parquet").to_pylist()
    (broken,) = [row for row in rows if row["check"] == "unreadable"]
    assert broken["record"] == "4"
    assert "s3://" not in broken["reason"]
    assert len(GroundingStore(tmp_path / "store")) == 5


def test_an_image_that_is_gone_from_s3_is_told_when_it_is_read(bucket, tmp_path) -> None:
    build_store(plan_of(bucket), tmp_path / "store", tmp_path / "work")
    (bucket / "images" / "3.jpg").unlink()
    store = GroundingStore(tmp_path / "store")
    with pytest.raises(DataError, match=r"images/3\.jpg"):
        store.read(store.record_by_id("kvasir_seg", "3"))


def test_a_storage_that_always_says_503_is_a_clear_error_of_the_command_line(door, bucket, tmp_path, capsys) -> None:
    door.refused = ""
    assert main(["data", "build", f"kvasir_seg={bucket}", "--out", str(tmp_path / "store")]) == 1
    assert "expected a storage that answers" in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


def test_an_upload_that_is_cut_off_is_no_store_and_can_be_done_again(door, downloaded, bucket, tmp_path) -> None:
    build_store(plan_of(downloaded), tmp_path / "store", tmp_path / "work")
    remote = bucket.parent / "half"
    door.refused = "half/regions"
    with pytest.raises(StorageError, match="regions"):
        copy_store(tmp_path / "store", remote)
    door.refused = None
    assert (remote / "ids.npy").exists()
    with pytest.raises(DataError, match="no manifest"):
        copy_store(remote, tmp_path / "back")
    copy_store(tmp_path / "store", remote)
    copy_store(remote, tmp_path / "back")
    assert digest(tmp_path / "back") == digest(tmp_path / "store")


def test_a_download_that_is_cut_off_leaves_nothing(door, downloaded, bucket, tmp_path) -> None:
    build_store(plan_of(downloaded), tmp_path / "store", tmp_path / "work")
    copy_store(tmp_path / "store", bucket.parent / "stored")
    door.refused = "stored/records"
    with pytest.raises(StorageError):
        copy_store(bucket.parent / "stored", tmp_path / "back")
    assert not [path for path in tmp_path.iterdir() if "back" in path.name]


def test_a_copy_that_is_not_what_the_manifest_tells_is_refused(downloaded, bucket, tmp_path) -> None:
    build_store(plan_of(downloaded), tmp_path / "store", tmp_path / "work")
    remote = bucket.parent / "stored"
    copy_store(tmp_path / "store", remote)
    content = bytearray((remote / "ids.npy").read_bytes())
    content[-1] ^= 1
    (remote / "ids.npy").write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"ids\.npy"):
        copy_store(remote, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_store_is_copied_between_folders_of_this_machine(downloaded, tmp_path) -> None:
    build_store(plan_of(downloaded), tmp_path / "store", tmp_path / "work")
    copy_store(tmp_path / "store", tmp_path / "copy")
    assert digest(tmp_path / "copy") == digest(tmp_path / "store")
    with pytest.raises(OutputError, match="there is one"):
        copy_store(tmp_path / "store", tmp_path / "copy")


def test_a_target_behind_an_address_is_refused_where_a_folder_is_needed(downloaded, capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["data", "build", f"kvasir_seg={downloaded}", "--out", "s3://bucket/store"])
    assert stopped.value.code == 2
    assert "medglip data copy" in capsys.readouterr().err
