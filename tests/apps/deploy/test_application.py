# SPDX-License-Identifier: Apache-2.0
"""The application run as a site runs it; needs the SDK, which is not part of the development environment."""

from __future__ import annotations

import ctypes.util
import json
import shutil
from pathlib import Path

import pytest
from pydicom import dcmread

pytestmark = [pytest.mark.clinic, pytest.mark.slow]


def contents(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} if folder.exists() else set()


def test_a_bad_series_does_not_keep_the_others_from_their_results(run, write_film, tmp_path):
    write_film("1.2.3.77")
    write_film("1.2.3.78", Modality="OT")
    process = run(write_film("1.2.3.88", Rows=700), "-p", "left lung", "-p", "unicorn")
    assert process.returncode == 0, process.stderr
    names = ("grounding.json", "outcome.json", "picture_01.dcm", "report.dcm")
    found = contents(tmp_path / "out")
    assert {f"1.2.3.77/{name}" for name in names} <= found
    assert {name for name in found if not name.startswith("1.2.3.77/")} == {
        "1.2.3.88/report.dcm",
        "1.2.3.88/outcome.json",
    }
    answers = json.loads((tmp_path / "out/1.2.3.77/grounding.json").read_text())["provenance"]["clinical_answers"]
    assert {row["phrase"]: row["answer"] for row in answers}["unicorn"] == "not evaluated"
    assert str(dcmread(tmp_path / "out/1.2.3.77/report.dcm").PatientName) == "Müller^Jürgen"
    assert "refused: the series: expected" in process.stdout
    assert "ller" not in process.stdout + process.stderr


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--profile", "paper"], "expected a destination profile"),
        (["--rules", "missing.yaml"], "expected selection rules"),
        (["-p", "no lung"], "leave out the negation"),
    ],
    ids=["profile", "rules", "phrase"],
)
def test_a_run_with_a_wrong_setting_says_so_and_leaves_nothing(run, write_film, tmp_path, more, reason):
    process = run(write_film(), *more)
    assert process.returncode == 1
    assert reason in process.stderr
    assert contents(tmp_path / "out") == set()


def test_a_study_without_dicom_says_so_and_leaves_nothing(run, tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    (study / "note.txt").write_text("nothing")
    process = run(study)
    assert process.returncode == 1
    assert "expected DICOM files" in process.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_missing_weights_are_told_before_anything_is_written(run, write_film, tmp_path):
    (tmp_path / "model").mkdir()
    process = run(write_film(), model=tmp_path / "model")
    assert process.returncode == 1
    assert "expected a bundle" in process.stderr
    assert contents(tmp_path / "out") == set()


RULES = """
version: 1
rules:
  - {name: any CT, modality: CT, bundle: medglip_2d, phrases: [spinal cord]}
"""


def test_real_series_of_several_kinds_each_get_what_they_can(run, shared_data, tmp_path):
    study = tmp_path / "study"
    for name in ("ct_lung_gtv", "ct_gap_j2k", "ct_gantry_tilt", "mr_sts025"):
        shutil.copytree(shared_data / "dicom" / name, study / name)
    (tmp_path / "rules.yaml").write_text(RULES)
    process = run(study, "--rules", str(tmp_path / "rules.yaml"))
    assert process.returncode == 0, process.stderr
    outcomes = [json.loads(path.read_text()) for path in (tmp_path / "out").glob("*/outcome.json")]
    by_series = {outcome["series_instance_uids"][0]: outcome for outcome in outcomes}
    assert len(by_series) == 3
    assert by_series[_series_uid(study / "ct_lung_gtv")]["status"] == "done"
    assert "slices missing" in by_series[_series_uid(study / "ct_gap_j2k")]["reason"]
    assert "gantry tilt" in by_series[_series_uid(study / "ct_gantry_tilt")]["reason"]
    reports = list((tmp_path / "out").glob("*/report.dcm"))  # none for the series without UIDs
    assert [dcmread(report).Modality for report in reports] == ["SR"] * 2


def test_it_runs_where_there_is_no_driver_of_a_gpu(run, write_film, tmp_path):
    if ctypes.util.find_library("cuda") is not None:
        pytest.skip("this machine has the driver of a GPU")
    process = run(write_film(), "-p", "heart")
    assert process.returncode == 0, process.stderr
    assert "1.2.3.77/report.dcm" in contents(tmp_path / "out")


def _series_uid(folder: Path) -> str:
    return str(dcmread(next(iter(sorted(folder.iterdir()))), stop_before_pixels=True).SeriesInstanceUID)
