# SPDX-License-Identifier: Apache-2.0
"""What independent validators say of the objects: dciodvfy (dicom3tools) and dsrdump (DCMTK)."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from monai_medglip.dicom import segmentation, structured_report, write_object


def said(*command):
    """What a validator prints; the test is skipped where it is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("make", [structured_report, segmentation], ids=["report", "segmentation"])
def test_dciodvfy_finds_no_error(make, grounding, sources, tmp_path):
    path = write_object(tmp_path / "result.dcm", make(grounding, sources))
    process = said("dciodvfy", "-new", path)
    assert process.returncode == 0
    assert "Error" not in process.stdout + process.stderr


def test_dciodvfy_finds_what_is_broken(grounding, sources, tmp_path):
    report = structured_report(grounding, sources)
    report.CompletionFlag = "HALF"
    process = said("dciodvfy", "-new", write_object(tmp_path / "result.dcm", report))
    assert "Error" in process.stdout + process.stderr


def test_dsrdump_reads_the_tree(grounding, sources, tmp_path):
    path = write_object(tmp_path / "report.dcm", structured_report(grounding, sources))
    process = said("dsrdump", path)
    assert process.returncode == 0
    assert "Lungenflügel rechts" in process.stdout
