# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy

import pytest
from highdicom import sr
from pydicom import dcmread

from monai_medglip.dicom import NOTICE, refusal_report, write_object
from monai_medglip.errors import ImageReadError

REASON = "expected slices on one regular grid, found a gantry tilt of 18.5 degrees"


@pytest.fixture
def header(sources):
    return copy.deepcopy(sources.first)


def test_it_says_why_and_has_no_group(header, tmp_path):
    written = dcmread(write_object(tmp_path / "report.dcm", refusal_report(header, REASON)))
    words = written.to_json()
    assert f"Not evaluated: {REASON}" in words
    assert NOTICE in words
    content = sr.Comprehensive3DSR.from_dataset(written).content
    assert content.get_image_measurement_groups() == content.get_planar_roi_measurement_groups() == []
    assert str(written.PatientName) == "Müller^Jürgen"


def test_the_same_reason_gives_the_same_uids_and_another_one_others(header):
    first, second, other = (refusal_report(header, reason).SOPInstanceUID for reason in (REASON, REASON, "a gap"))
    assert first == second != other


def test_what_a_header_may_leave_out_is_left_empty(header):
    for keyword in ("PatientName", "PatientID", "StudyDate", "AccessionNumber"):
        delattr(header, keyword)
    assert refusal_report(header, REASON).PatientID == ""


def test_without_its_study_there_is_no_report(header):
    del header.StudyInstanceUID
    with pytest.raises(ImageReadError, match="expected StudyInstanceUID in the header"):
        refusal_report(header, REASON)
