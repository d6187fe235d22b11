# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from monai_medglip.clinic import find_series
from monai_medglip.clinic.series_facts import read_head
from monai_medglip.imaging import Modality
from tests.dicom.conftest import PATIENT
from tests.volume_files import dicom_slice

FILM = {**PATIENT, "Modality": "DX", "ImageType": ["ORIGINAL", "PRIMARY"], "SeriesDescription": "Thorax p.a."}


@pytest.fixture
def write(tmp_path):
    def write_film(name, syntax=ExplicitVRLittleEndian, **changes):
        dataset = dicom_slice(np.zeros((8, 9), np.uint16), **{**FILM, **changes})
        dataset.file_meta.TransferSyntaxUID = syntax
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        dataset.save_as(tmp_path / name, enforce_file_format=True)
        return tmp_path / name

    return write_film


def test_series_are_found_in_folders_below_with_what_they_say(write, tmp_path):
    write("a/1.dcm", SeriesInstanceUID="1.2")
    write("b/2", SeriesInstanceUID="1.2")
    write("b/c/3", SeriesInstanceUID="1.1", BodyPartExamined="CHEST", StudyDescription="Routine")
    (tmp_path / "note.txt").write_text("no DICOM")
    first, second = find_series(tmp_path)
    assert (first.facts.series_uid, first.facts.images, first.facts.body_region) == ("1.1", 1, "chest")
    assert first.facts.description == "Thorax p.a. | Routine"
    assert (second.facts.modality, second.facts.image_type) == (Modality.XR, ("ORIGINAL", "PRIMARY"))
    assert [path.name for path in second.paths] == ["1.dcm", "2"]


def test_a_localizer_beside_other_images_does_not_speak_for_the_series(write, tmp_path):
    write("1.dcm", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write("2.dcm")
    assert find_series(tmp_path)[0].facts.image_type == ("ORIGINAL", "PRIMARY")


def test_heads_end_before_the_pixels_also_of_deflated_files(write):
    plain, deflated = write("1.dcm"), write("2.dcm", syntax=DeflatedExplicitVRLittleEndian)
    for path in (plain, deflated):
        head = read_head(path)
        assert str(head.PatientName) == "Müller^Jürgen"
        assert "Rows" not in head


@pytest.mark.parametrize("content", [b"", b"text", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + b"\xff" * 500])
def test_what_has_no_head_is_left_out(content, tmp_path):
    (tmp_path / "file").write_bytes(content)
    assert find_series(tmp_path) == ()


def test_a_truncated_file_keeps_its_head(write, tmp_path):
    whole = write("1.dcm")
    whole.write_bytes(whole.read_bytes()[:-20])
    assert len(find_series(tmp_path)) == 1
