# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.clinic_fuzz import SERIES, SINGLE_FILES, corpus, main, write_files
from benchmarks.dicom_mutations import MUTATIONS, DicomFile, mutate
from benchmarks.dicom_reference import Verdict, decoded_payloads, judge
from monai_medglip.geometry.frames import Frame
from monai_medglip.imaging import Scan
from monai_medglip.readers import GuardedReader, read_dicom_volumes

SINGLE = "single/mr_small_implicit.dcm"


@pytest.fixture
def dicom(shared_data: Path) -> Path:
    return shared_data / "dicom"


@pytest.fixture
def slices(dicom: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((dicom / "ct_reversed_axes").iterdir())[:3]]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[list[bytes]], tuple[Scan, ...]]:
    return lambda files: read_dicom_volumes(write_files(tmp_path / "case", files))


@pytest.mark.parametrize("name", SINGLE_FILES)
def test_a_file_taken_apart_and_put_together_is_the_same(dicom: Path, name: str) -> None:
    data = (dicom / name).read_bytes()
    parsed = DicomFile.parse(data)
    again = DicomFile.parse(parsed.to_bytes())
    assert again == parsed
    assert again.to_bytes() == data or "deflated" in name


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutation_changes_the_files(slices: list[bytes], mutation: str) -> None:
    changed = [MUTATIONS[mutation](np.random.default_rng(seed), slices) for seed in range(8)]
    assert any(files != slices for files in changed)


def test_a_number_gives_the_same_case_again(slices: list[bytes]) -> None:
    cases = [mutate(np.random.default_rng([1, number]), slices) for number in (0, 1, 0)]
    assert cases[0] == cases[2]
    assert cases[0] != cases[1]


def test_undamaged_files_are_judged_consistent_with_their_bytes(dicom: Path, read) -> None:
    for name in SERIES:
        files = [path.read_bytes() for path in sorted((dicom / name).iterdir())[:4]]
        found = judge(read(files), files, [], decoded_payloads(files))
        assert (found.verdict, found.reason) == (Verdict.CONSISTENT, ""), name


def _moved(scan: Scan, change: np.ndarray) -> Scan:
    frame = Frame(change @ scan.frame.affine, scan.frame.shape, scan.frame.known_axes, scan.frame.spacing_known)
    return replace(scan, frame=frame)


@pytest.mark.parametrize(
    "wrong", ["shifted", "stretched", "flipped slices", "one pixel", "other instances", "transposed"]
)
def test_a_wrong_volume_is_found_out(slices: list[bytes], read, wrong: str) -> None:
    (scan,) = read(slices)
    array = scan.array.copy()
    array[0, 3, 4, 1] += 100
    shift = np.eye(4)
    shift[2, 3] = 1
    uids = scan.source.sop_instance_uids
    spoiled = {
        "shifted": _moved(scan, shift),
        "stretched": _moved(scan, np.diag([1.1, 1, 1, 1])),
        "flipped slices": replace(scan, array=scan.array[..., ::-1]),
        "one pixel": replace(scan, array=array),
        "other instances": replace(scan, source=replace(scan.source, sop_instance_uids=uids[::-1])),
        "transposed": replace(scan, array=np.flip(scan.array, 1)),
    }[wrong]
    found = judge([spoiled], slices, [scan], decoded_payloads(slices))
    assert found.verdict is Verdict.WRONG
    assert found.reason


def test_pixels_that_were_damaged_are_not_called_correct(dicom: Path, read) -> None:
    data = (dicom / "single/mr_small_jpegls.dcm").read_bytes()
    good = read([data])
    damaged = (MUTATIONS["bits flipped in the pixels"](np.random.default_rng(seed), [data]) for seed in range(40))
    verdicts = set()
    for files in damaged:
        try:
            scans = read(files)
        except Exception:
            continue
        verdicts.add(judge(scans, files, good, decoded_payloads([data])).verdict)
    assert Verdict.CONSISTENT not in verdicts


def test_the_whole_corpus_can_be_read(dicom: Path, tmp_path: Path) -> None:
    with GuardedReader() as reader:
        originals = corpus(dicom, reader, tmp_path / "corpus")
    assert [original.name for original in originals] == [*SINGLE_FILES, *SERIES]


def test_a_short_run_writes_a_result(dicom: Path, tmp_path: Path) -> None:
    import json

    main(["--data", str(dicom), "--out", str(tmp_path / "fuzz.json"), "--cases", "40", "--readers", "2"])
    results = json.loads((tmp_path / "fuzz.json").read_text())["results"]
    assert results["cases"] == sum(results["outcomes"].values()) == 40
    assert not {Verdict.WRONG.value, "other exception", "vague error"} & set(results["outcomes"])
