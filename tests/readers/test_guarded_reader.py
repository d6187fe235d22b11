# SPDX-License-Identifier: Apache-2.0
"""Tests that hostile files end a child process at most, and that good ones come through it unchanged."""

from __future__ import annotations

import gc
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_medglip.errors import ConfigurationError, ImageReadError, UnsupportedImageError
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.readers import read_dicom_volumes, read_image
from monai_medglip.readers.guarded_header import check_claims
from monai_medglip.readers.guarded_limits import ReadLimits
from monai_medglip.readers.guarded_memory import SharedArrays, shared_memory
from monai_medglip.readers.guarded_reader import GuardedReader
from monai_medglip.readers.guarded_transfer import lay_out_scans, scans_from_message
from tests.readers.hostile_files import deflate_bomb, endless_header, nested_sequences, plain_slice, rle_bomb

LIMITS = ReadLimits(
    files=50,
    file_bytes=64 * 2**20,
    decoded_bytes=64 * 2**20,
    memory_bytes=512 * 2**20,
    cpu_seconds=20,
    wall_seconds=40,
)


@pytest.fixture(scope="module")
def reader() -> Iterator[GuardedReader]:
    with GuardedReader(LIMITS) as reader:
        yield reader


@pytest.fixture
def with_limits() -> Iterator[Callable[..., GuardedReader]]:
    """Makes readers with some limits changed, and closes them."""
    made: list[GuardedReader] = []

    def make(**changes: float) -> GuardedReader:
        made.append(GuardedReader(replace(LIMITS, **changes)))
        return made[-1]

    yield make
    for reader in made:
        reader.close()


def children() -> set[int]:
    """The processes that this one has started and not yet waited for."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(word) for task in tasks for word in (task / "children").read_text().split()}


def shared_memories() -> int:
    """How many pieces of shared memory this process holds, open or mapped."""
    links = [str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return sum("medglip-pixels" in link for link in links) + Path("/proc/self/maps").read_text().count("medglip-pixels")


# Good files


@pytest.mark.parametrize(
    "name",
    [
        "mr_sts025",
        "ct_tiny_24x38x3",
        "pt_sts025",
        "single/mr_small_bigendian.dcm",
        "single/mr_small_j2k.dcm",
        "single/mr_small_rle.dcm",
        "single/mr_small_jpegls.dcm",
        "single/ot_deflated.dcm",
        "single/ct_small.dcm",
    ],
)
def test_a_good_file_is_read_as_without_the_guard(reader: GuardedReader, shared_data: Path, name: str) -> None:
    path = shared_data / "dicom" / name
    (scan,), expected = reader.read(path), read_image(path)
    np.testing.assert_array_equal(scan.array, expected.array)
    assert scan.array.dtype == expected.array.dtype
    assert (scan.frame, scan.modality, scan.body_region) == (expected.frame, expected.modality, expected.body_region)
    assert scan.source == expected.source


def test_every_field_of_a_scan_is_carried_over(tmp_path: Path) -> None:
    assert {field.name for field in fields(Scan)} == {"array", "frame", "modality", "source", "body_region"}
    source = ImageSource("a folder", ("1.2", "1.2"), frame_numbers=(1, 2), volume="EchoTime 4.6", is_resampled=True)
    scan = Scan(np.arange(6.0).reshape(1, 3, 2), Frame.pixel((3, 2)), Modality.US, source, "chest")
    with shared_memory(2**24) as memory:
        message = lay_out_scans([scan], SharedArrays(memory), limit=1024)
        (read,) = scans_from_message(json.loads(json.dumps(message)), memory, limit=2**24)
    assert (read.source, read.frame, read.modality, read.body_region) == (source, scan.frame, Modality.US, "chest")
    np.testing.assert_array_equal(read.array, scan.array)


def test_pixels_that_a_process_still_holds_are_not_trusted() -> None:
    scan = Scan(np.zeros((1, 3, 2)), Frame.pixel((3, 2)))
    with shared_memory(2**24) as memory:
        arrays = SharedArrays(memory)
        held = arrays.empty((2, 2), np.float32)
        message = lay_out_scans([scan], arrays, limit=1024)
        with pytest.raises(ValueError, match="busy"):
            scans_from_message(message, memory, limit=2**24)
        del held, arrays
        assert scans_from_message(message, memory, limit=2**24)


def test_many_small_images_and_large_ones_lie_beside_each_other() -> None:
    sizes = [10] * 400 + [5_000_000, 10, 6_000_000]
    with shared_memory(2**27) as memory:
        arrays = SharedArrays(memory)
        made = [arrays.empty((size,), np.float32) for size in sizes]
        offsets = [arrays.offset_of(array) for array in made]
        assert None not in offsets
        ends = [offset + array.nbytes for offset, array in zip(offsets, made, strict=True)]
        assert all(end <= start for end, start in zip(ends, offsets[1:], strict=False))
        assert arrays.offset_of(np.zeros(3)) is None


def test_pages_that_are_taken_ahead_are_those_that_arrays_get() -> None:
    with shared_memory(2**27) as memory:
        with SharedArrays(memory, expected=40_000_000) as arrays:
            array = arrays.empty((10_000_000,), np.float32)
            array[:] = 7.0
        assert (array == 7.0).all()
        assert arrays.offset_of(array) == 0
        scan = Scan(array.reshape(1, 1000, 10_000), Frame.pixel((1000, 10_000)))
        message = lay_out_scans([scan], arrays, limit=2**27)
        del array, scan, arrays
        (read,) = scans_from_message(message, memory, limit=2**27)
        assert (read.array == 7.0).all()


def test_no_pages_are_taken_for_what_a_small_file_claims(tmp_path: Path) -> None:
    limits, plenty = replace(LIMITS, decoded_bytes=2**30), 2**40
    bomb = check_claims(rle_bomb(tmp_path / "bomb.dcm", 10_000), limits)
    assert (bomb.decoded_bytes, bomb.certain_bytes(plenty)) == (400_000_000, 0)
    good = check_claims(plain_slice(tmp_path / "good.dcm"), limits)
    assert (good.certain_bytes(plenty), good.certain_bytes(300), good.certain_bytes(None)) == (256, 0, 0)


def test_several_volumes_of_a_series_come_back_each(reader: GuardedReader, shared_data: Path) -> None:
    clip = shared_data / "dicom" / "single" / "us_clip_jpeg_ybr_30frames.dcm"
    scans, expected = reader.read(clip), read_dicom_volumes(clip)
    assert [scan.source for scan in scans] == [scan.source for scan in expected]
    for scan, other in zip(scans, expected, strict=True):
        np.testing.assert_array_equal(scan.array, other.array)


def test_a_tilt_is_resampled_on_request(reader: GuardedReader, write_series: Callable[..., Path]) -> None:
    positions = tuple([0, z / 2, z] for z in range(3))
    folder = write_series("tilted", [0, 1, 2], ImagePositionPatient=positions)
    with pytest.raises(UnsupportedImageError, match="tilt"):
        reader.read(folder)
    (scan,), (expected,) = reader.read(folder, tilt="resample"), read_dicom_volumes(folder, tilt="resample")
    np.testing.assert_array_equal(scan.array, expected.array)
    with pytest.raises(ConfigurationError, match="one of 'refuse', 'resample'; got 'bend'"):
        reader.read(folder, tilt="bend")


def test_another_format_is_read_too(reader: GuardedReader, tmp_path: Path) -> None:
    Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4)).save(tmp_path / "small.png")
    assert reader.read(tmp_path / "small.png")[0].array.tolist() == [[[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]]]


def test_pixels_can_be_changed_and_outlive_the_reader(shared_data: Path) -> None:
    with GuardedReader(LIMITS) as reader:
        (scan,) = reader.read(shared_data / "dicom" / "ct_tiny_24x38x3")
    scan.array[:] += 1
    np.testing.assert_array_equal(scan.array, read_image(shared_data / "dicom" / "ct_tiny_24x38x3").array + 1)
    assert pickle.loads(pickle.dumps(scan)).array.shape == scan.array.shape


def test_one_warm_process_reads_path_after_path(reader: GuardedReader, tmp_path: Path) -> None:
    reader.read(plain_slice(tmp_path / "slice.dcm"))
    before = children()
    for _ in range(5):
        reader.read(tmp_path / "slice.dcm")
    assert children() == before


def test_threads_that_share_a_reader_get_their_own_images(reader: GuardedReader, tmp_path: Path) -> None:
    paths = [plain_slice(tmp_path / f"{n}.dcm", RescaleIntercept=n, RescaleSlope=1) for n in range(8)]
    values: dict[Path, float] = {}
    threads = [
        threading.Thread(target=lambda path=path: values.update({path: float(reader.read(path)[0].array.max())}))
        for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [values[path] for path in paths] == list(range(8))


# Hostile files


def test_an_rle_bomb_is_refused_by_its_header(reader: GuardedReader, tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match=r"67,108,864 bytes of pixels \(limit decoded_bytes\).* 6,400,000,000"):
        reader.read(rle_bomb(tmp_path / "bomb.dcm", 40_000))


def test_a_bomb_that_the_checks_allow_ends_at_the_memory_limit(
    with_limits: Callable[..., GuardedReader], tmp_path: Path
) -> None:
    Image.fromarray(np.zeros((12_000, 12_000), np.uint8)).save(tmp_path / "bomb.png")
    reader = with_limits(memory_bytes=96 * 2**20)
    with pytest.raises(ImageReadError, match="limit memory_bytes"):
        reader.read(tmp_path / "bomb.png")
    assert reader.read(plain_slice(tmp_path / "good.dcm"))


def test_a_deflate_bomb_is_refused_by_its_ratio(with_limits: Callable[..., GuardedReader], tmp_path: Path) -> None:
    bomb = deflate_bomb(tmp_path / "bomb.dcm", 200 * 2**20)
    assert bomb.stat().st_size < 2**20
    with pytest.raises(ImageReadError, match="limit inflation_ratio"):
        with_limits(file_bytes=2**30).read(bomb)


def test_a_deflated_file_counts_by_what_it_inflates_to(reader: GuardedReader, tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match=r"67,108,864 bytes when inflated \(limit"):
        reader.read(deflate_bomb(tmp_path / "bomb.dcm", 100 * 2**20))


def test_deeply_nested_sequences_are_refused(reader: GuardedReader, tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match="limit nesting_depth"):
        reader.read(nested_sequences(tmp_path / "nested.dcm", 200_000))


@pytest.mark.parametrize("side", [1000, 3000])
def test_rows_and_columns_that_the_file_has_no_pixels_for_are_an_error(
    reader: GuardedReader, tmp_path: Path, side: int
) -> None:
    with pytest.raises(ImageReadError):
        reader.read(plain_slice(tmp_path / "lie.dcm", Rows=side, Columns=side))


def test_a_header_of_a_hundred_thousand_frames_is_refused(reader: GuardedReader, tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match=r"20,000 frames \(limit frames\), found 100,000"):
        reader.read(plain_slice(tmp_path / "frames.dcm", NumberOfFrames=100_000))


def test_a_series_counts_as_a_whole(with_limits: Callable[..., GuardedReader], tmp_path: Path) -> None:
    for number in range(5):
        plain_slice(tmp_path / f"{number}.dcm")
    with pytest.raises(ImageReadError, match=r"at most 3 files \(limit files\), found 5"):
        with_limits(files=3).read(tmp_path)
    with pytest.raises(ImageReadError, match=r"1,000 bytes of pixels \(limit decoded_bytes\), found .* claim 1,024"):
        with_limits(decoded_bytes=1000).read(tmp_path)
    with pytest.raises(ImageReadError, match=r"1,000 bytes in all \(limit total_bytes\)"):
        with_limits(total_bytes=1000).read(tmp_path)


def test_a_file_that_is_too_large_is_not_opened(with_limits: Callable[..., GuardedReader], tmp_path: Path) -> None:
    with (tmp_path / "large.dcm").open("wb") as file:
        file.truncate(2**33)
    with pytest.raises(ImageReadError, match=r"67,108,864 bytes \(limit file_bytes\), found 8,589,934,592"):
        with_limits().read(tmp_path / "large.dcm")


def test_an_encoding_that_is_not_listed_is_refused(with_limits: Callable[..., GuardedReader], tmp_path: Path) -> None:
    reader = with_limits(transfer_syntaxes=frozenset({"1.2.840.10008.1.2.5"}))
    with pytest.raises(
        UnsupportedImageError, match=r"limit transfer_syntaxes\), the header says '1.2.840.10008.1.2.1'"
    ):
        reader.read(plain_slice(tmp_path / "explicit.dcm"))


@pytest.mark.parametrize(
    "name",
    ["mr_small_j2k", "mr_small_rle", "mr_small_jpegls", "nm_jpeg_lossless", "nm_jpeg_extended_12bit", "ot_deflated"],
)
def test_a_file_cut_anywhere_is_an_error_and_the_process_lives(
    reader: GuardedReader, shared_data: Path, tmp_path: Path, name: str
) -> None:
    whole = (shared_data / "dicom" / "single" / f"{name}.dcm").read_bytes()
    before = children()
    for share in (0.0, 0.01, 0.1, 0.3, 0.6, 0.9):
        (tmp_path / "cut.dcm").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ImageReadError):
            reader.read(tmp_path / "cut.dcm")
    assert children() == before


def test_an_element_longer_than_its_file_is_refused_before_memory_is_taken(
    reader: GuardedReader, tmp_path: Path
) -> None:
    path = plain_slice(tmp_path / "long.dcm", PatientComments="x" * 10)
    path.write_bytes(path.read_bytes().replace(b"LT\x0a\x00", b"UN\x00\x00\xf0\xff\xff\xff", 1))
    with pytest.raises(ImageReadError, match=r"its element \(0010,4000\) claims 4,294,967,280 bytes"):
        reader.read(path)


def test_endless_work_ends_at_the_processor_limit(with_limits: Callable[..., GuardedReader], tmp_path: Path) -> None:
    reader = with_limits(cpu_seconds=1)
    with pytest.raises(ImageReadError, match=r"within 1 s of processor time \(limit cpu_seconds\)"):
        reader.read(endless_header(tmp_path / "endless.dcm", 400_000))
    assert reader.read(plain_slice(tmp_path / "good.dcm"))


def test_endless_work_ends_at_the_limit_of_time(with_limits: Callable[..., GuardedReader], tmp_path: Path) -> None:
    reader = with_limits(wall_seconds=0.5)
    with pytest.raises(ImageReadError, match=r"within 0\.5 s \(limit wall_seconds\)"):
        reader.read(endless_header(tmp_path / "endless.dcm", 400_000))


def test_a_decoder_that_breaks_ends_the_child_only(with_limits: Callable[..., GuardedReader], tmp_path: Path) -> None:
    reader = with_limits()
    reader.read(plain_slice(tmp_path / "good.dcm"))
    child = reader.process_id
    endless_header(tmp_path / "endless.dcm", 400_000)
    threading.Timer(0.3, os.kill, (child, signal.SIGABRT)).start()
    with pytest.raises(ImageReadError, match="ended with SIGABRT"):
        reader.read(tmp_path / "endless.dcm")
    assert child not in children()
    assert reader.read(tmp_path / "good.dcm")


# What is left behind, and what is told


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before, memories = children(), shared_memories()
    with GuardedReader(LIMITS) as reader:
        scans = reader.read(plain_slice(tmp_path / "good.dcm"))
        with pytest.raises(ImageReadError):
            reader.read(rle_bomb(tmp_path / "bomb.dcm", 40_000))
        assert children() > before
    assert children() == before
    assert shared_memories() > memories
    del scans
    gc.collect()
    assert shared_memories() == memories


def test_a_forgotten_reader_ends_its_process() -> None:
    before = children()
    reader = GuardedReader(LIMITS)
    assert children() > before
    del reader
    gc.collect()
    assert children() == before


def test_the_child_ends_with_its_parent(tmp_path: Path, repository: Path) -> None:
    endless_header(tmp_path / "endless.dcm", 1_000_000)
    code = (
        "import sys, threading; from monai_medglip.readers.guarded_reader import GuardedReader;"
        "r = GuardedReader(); threading.Thread(target=r.read, args=(sys.argv[1],), daemon=True).start();"
        "print(r.process_id, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "endless.dcm")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=repository,
    )
    with parent:
        child = int(parent.stdout.readline())
        time.sleep(1.0)
        parent.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


def test_a_closed_reader_says_so(tmp_path: Path) -> None:
    reader = GuardedReader(LIMITS)
    reader.close()
    reader.close()
    with pytest.raises(ConfigurationError, match="this one is closed"):
        reader.read(tmp_path)


def test_messages_do_not_name_the_patient(reader: GuardedReader, tmp_path: Path) -> None:
    path = tmp_path / "named.dcm"
    plain_slice(path, PatientName="Mustermann^Erika", PatientID="Q4711", PatientBirthDate="19640812")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"(\x00\x10\x00US\x02\x00\x08\x00", b"(\x00\x10\x00DS\x02\x00\x08\x00"))
    for attribute in ("Mustermann", "Q4711", "19640812"):
        assert attribute.encode() in path.read_bytes()
    with pytest.raises(ImageReadError) as caught:
        reader.read(path)
    assert not any(word in str(caught.value) for word in ("Mustermann", "Erika", "Q4711", "19640812"))


def test_what_a_library_quotes_of_the_patient_is_masked(reader: GuardedReader, tmp_path: Path) -> None:
    path = plain_slice(tmp_path / "quoted.dcm", PatientID="4711.0815", RescaleSlope="1", RescaleIntercept="0")
    (tmp_path / "quoted.dcm").write_bytes(path.read_bytes().replace(b"DS\x02\x001 ", b"DS\x02\x00xy"))
    with pytest.raises(ImageReadError, match="RescaleSlope"):
        reader.read(path)
    plain_slice(path, PatientID="xy!", PixelSpacing=["1", "2"])
    path.write_bytes(path.read_bytes().replace(b"1\\2 ", b"xy!\\"))
    with pytest.raises(ImageReadError) as caught:
        reader.read(path)
    assert "xy!" not in str(caught.value)


def test_the_child_sees_no_secrets_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")
    with GuardedReader(LIMITS) as reader:
        reader.read(plain_slice(tmp_path / "good.dcm"))
        assert b"DATABASE_PASSWORD" not in Path(f"/proc/{reader.process_id}/environ").read_bytes()


@pytest.mark.parametrize("change", [{"files": 0}, {"wall_seconds": float("inf")}, {"cpu_seconds": 1.5}])
def test_limits_that_are_none_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(change))):
        ReadLimits(**change)


def test_limits_survive_the_way_to_the_child() -> None:
    assert ReadLimits.from_dict(LIMITS.to_dict()) == LIMITS
