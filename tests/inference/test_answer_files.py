# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.geometry import Frame
from monai_medglip.inference.answer_files import AnswerFiles
from tests.grounding_phantoms import chest, grey_scan, oblique_frame

FLAT = Frame.pixel((40, 30))
ALWAYS = {".json", ".png", ".nii.gz", ".labels.json"}


def written(folder, frame):
    """The answers of the phantom on that frame, their suffixes, and the remark."""
    files = AnswerFiles(folder, "neck")
    remark = files.write(grey_scan(frame), chest(frame))
    return files, {path.name.removeprefix("neck") for path in folder.iterdir()}, remark


def test_a_volume_has_a_page_and_markups_too(tmp_path):
    files, suffixes, remark = written(tmp_path, oblique_frame())
    assert (suffixes, remark) == ({*ALWAYS, ".html", ".mrk.json"}, "")
    assert files.read() == chest(oblique_frame())


def test_a_volume_without_a_place_has_no_markups_and_says_why(tmp_path):
    _, suffixes, remark = written(tmp_path, oblique_frame(known=False))
    assert suffixes == {*ALWAYS, ".html"}
    assert remark.startswith("no markups: Slicer's markups are millimeters in the patient")


def test_a_picture_has_neither(tmp_path):
    assert written(tmp_path, FLAT)[1] == ALWAYS


@pytest.mark.parametrize(
    ("frame", "gone", "whole"),
    [
        (oblique_frame(), ".mrk.json", True),
        (oblique_frame(), ".html", False),
        (FLAT, ".png", False),
        (FLAT, ".html", True),
    ],
)
def test_answers_are_whole_while_all_files_are_there_that_they_always_have(tmp_path, frame, gone, whole):
    files, _, _ = written(tmp_path, frame)
    (tmp_path / f"neck{gone}").unlink(missing_ok=True)
    assert files.are_whole(chest(frame)) is whole
