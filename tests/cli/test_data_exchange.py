# SPDX-License-Identifier: Apache-2.0
"""The verbs that write data sets for others, and read them back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from monai_medglip.cli.main import main
from monai_medglip.data_engine import GroundingFolder
from tests.phantoms import PhantomFolder, blocks
from tests.store_of_folder import write_store


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store of two images."""
    (tmp_path / "folder").mkdir()
    made = PhantomFolder(tmp_path / "folder", [{"value": 1, "label": "tumor", "level": "lesion"}])
    for name in ("a", "b"):
        made.add_labelmap(name, blocks((20, 16), (1, np.s_[3:9, 4:12])))
    return str(write_store(GroundingFolder(made.path), tmp_path / "store"))


def test_coco_is_written_into_a_new_folder(store, tmp_path, capsys) -> None:
    assert main(["data", "export", store, "--format", "coco", "--out", str(tmp_path / "coco")]) == 0
    assert "2 images" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "coco" / "made" / "train.json").read_text())["annotations"]) == 2
    assert main(["data", "export", store, "--format", "coco", "--out", str(tmp_path / "coco")]) == 1
    assert "there is one" in capsys.readouterr().err


def test_hugging_face_goes_out_and_comes_back(store, tmp_path, capsys) -> None:
    pytest.importorskip("datasets", reason="datasets (extra interchange) is not installed")
    assert main(["data", "export", store, "--format", "huggingface", "--out", str(tmp_path / "hub")]) == 0
    assert main(["data", "from-huggingface", str(tmp_path / "hub"), "--out", str(tmp_path / "back")]) == 0
    assert "2 images, 2 regions" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--format", "coco"], "a new folder as --out"),
        (["--format", "card", "--sources", "nobody"], "got 'nobody'"),
        (["--format", "croissant", "--out", "elsewhere"], "in its own folder"),
    ],
)
def test_words_that_do_not_go_together_are_told(words, reason, store, capsys) -> None:
    assert main(["data", "export", store, *words]) == 1
    assert reason in capsys.readouterr().err


def test_data_that_are_not_there_are_told(tmp_path, capsys) -> None:
    assert main(["data", "export", str(tmp_path / "nowhere"), "--format", "card"]) == 1
    assert "there is no such folder" in capsys.readouterr().err
