# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import pytest

from monai_medglip.errors import OutputError
from monai_medglip.evaluation.result_file import result_head, source_commit, write_result

HEAD = {"command": "medglip evaluate", "date": "2026-01-01"}


def test_the_head_says_where_numbers_come_from():
    head = result_head("medglip evaluate", bundle={"model": "tiny"}, data=None)
    assert list(head) == ["command", "date", "machine", "commit", "bundle", "data"]
    assert datetime.fromisoformat(head["date"]).tzinfo is not None
    assert "cores" in head["machine"]


def test_head_and_numbers_stand_side_by_side(tmp_path):
    write_result(tmp_path / "a.json", HEAD, {"macro": {"AP50": 0.5}})
    assert json.loads((tmp_path / "a.json").read_text()) == {**HEAD, "results": {"macro": {"AP50": 0.5}}}


def test_numbers_are_plain_and_rounded(tmp_path):
    write_result(tmp_path / "a.json", HEAD, {"x": np.float64(1 / 3), "y": (float("nan"), 2)})
    assert json.loads((tmp_path / "a.json").read_text())["results"] == {"x": 0.3333, "y": [None, 2]}


def test_what_json_cannot_hold_leaves_the_old_file(tmp_path):
    write_result(tmp_path / "a.json", HEAD, {"x": 1})
    with pytest.raises(TypeError):
        write_result(tmp_path / "a.json", HEAD, {"x": object()})
    assert json.loads((tmp_path / "a.json").read_text())["results"] == {"x": 1}


def test_a_folder_that_is_a_file_is_said(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError, match="taken"):
        write_result(tmp_path / "taken" / "a.json", HEAD, {})


def test_the_commit_is_that_of_this_checkout():
    commit = source_commit()
    assert commit is None or len(commit.removesuffix("+changes")) == 40
