# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import monai_medglip.inference
from monai_medglip.cli.main import main
from monai_medglip.grounding import Grounding


class SilentGrounder:
    """Stands in for the model: finds nothing, and says which bundle it was asked for."""

    operating_threshold = 0.5

    def __init__(self, bundle=None):
        self.bundle = self
        self._name = str(bundle)

    def provenance(self):
        return {"model": self._name}

    def encode(self, scan):
        return scan

    def ask(self, encoded, phrases, *, threshold):
        assert threshold == 0.0
        return Grounding.empty(encoded.frame, phrases)


@pytest.fixture(autouse=True)
def silent_grounder(monkeypatch):
    monkeypatch.setattr(monai_medglip.inference, "Grounder", SilentGrounder, raising=False)


@pytest.fixture
def folder(tmp_path):
    """One film with one lung."""
    mask = np.zeros((16, 16), np.uint8)
    mask[4:12, 2:6] = 1
    Image.new("L", (16, 16)).save(tmp_path / "a.png")
    Image.fromarray(mask).save(tmp_path / "a_mask.png")
    columns = "id\tsource\tmodality\timage\tannotation\tkind\tsplit\tpatient\twidth\theight\n"
    row = "a\tfilms\tXR\ta.png\ta_mask.png\tlabelmap\ttest\tp\t16\t16\n"
    (tmp_path / "INDEX.tsv").write_text(columns + row)
    (tmp_path / "LABELS.tsv").write_text("source\tvalue\tlabel\tlevel\tparent\nfilms\t1\tright lung\torgan\tlung\n")
    return tmp_path


def test_it_writes_a_result_file_and_prints_its_table(folder, capsys):
    out = folder / "out" / "quality.json"
    assert main(["evaluate", "--data", str(folder), "--bundle", "mine", "--out", str(out)]) == 0
    written = json.loads(out.read_text())
    assert written["results"]["per_phrase"]["films"]["right lung"]["R1_50"]["value"] == 0.0
    assert written["bundle"] == {"model": "mine", "operating_threshold": 0.5}
    assert written["data"]["images"] == 1
    assert "--split test --bundle mine" in written["command"]
    assert "| films † | ≥ 0.000 |" in capsys.readouterr().out


def test_a_folder_without_an_index_fails_and_says_so(tmp_path, capsys):
    assert main(["evaluate", "--data", str(tmp_path), "--out", str(tmp_path / "a.json")]) == 1
    assert "INDEX.tsv" in capsys.readouterr().err
    assert not (tmp_path / "a.json").exists()


def test_a_split_for_training_is_wrong_usage(tmp_path):
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", "--data", str(tmp_path), "--split", "train", "--out", "a.json"])
    assert stop.value.code == 2
