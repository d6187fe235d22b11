# SPDX-License-Identifier: Apache-2.0
"""What independent validators say of the objects: dciodvfy (dicom3tools), dsrdump (DCMTK) and PixelMed."""

from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.dicom import (
    RegionForm,
    refusal_report,
    secondary_capture,
    segmentation,
    structured_report,
    write_object,
)
from tests.dicom.validators import pixelmed_said, said


def picture(grounding, sources):
    return secondary_capture(np.zeros((30, 20, 3), np.uint8), grounding, sources)


def surfaces(grounding, sources):
    return structured_report(grounding, sources, regions=RegionForm.SPACE)


def answers_alone(grounding, sources):
    """A report without any region."""
    return structured_report(grounding[[]], sources)


def refusal(grounding, sources):
    return refusal_report(sources.first, "expected slices on one regular grid, found a gap")


@pytest.mark.parametrize("make", [structured_report, surfaces, answers_alone, refusal, segmentation, picture])
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


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (structured_report, "Lungenflügel rechts"),
        (surfaces, "Lungenflügel rechts"),
        (answers_alone, "pneumothorax"),
        (refusal, "Not evaluated"),
    ],
)
def test_dsrdump_reads_the_tree(make, words, grounding, sources, tmp_path):
    process = said("dsrdump", write_object(tmp_path / "report.dcm", make(grounding, sources)))
    assert process.returncode == 0
    assert words in process.stdout


@pytest.mark.clinic
@pytest.mark.parametrize("make", [structured_report, surfaces, answers_alone, refusal])
def test_pixelmed_finds_the_report_to_fit_its_template(make, grounding, sources, tmp_path):
    words = pixelmed_said(write_object(tmp_path / "report.dcm", make(grounding, sources)))
    assert "IOD validation complete" in words
    assert "TID_1500" in words
    assert "Error" not in words
