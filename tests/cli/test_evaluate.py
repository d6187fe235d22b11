# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import monai_medglip.inference
from monai_medglip.cli.main import main
from monai_medglip.grounding import Grounding
from monai_medglip.inference import OperatingPoint


class SilentGrounder:
    """Stands in for the model: finds nothing, and says which bundle it was asked for."""

    def __init__(self, bundle=None, *, device=None, rules=True, operating_point=None):
        self.bundle = self
        self._name = Path(bundle).name
        self.operating_threshold = operating_point.box_threshold
        assert (device, rules) in ((None, True), ("cpu", False))

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
def bundle(tmp_path):
    """A folder that passes for a bundle with an operating point."""
    models = tmp_path / "mine" / "models"
    models.mkdir(parents=True)
    (models / "network.json").write_text("{}")
    OperatingPoint(box_threshold=0.5).write(models / "operating_point.json")
    return str(tmp_path / "mine")


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


def test_it_writes_a_result_file_and_prints_its_table(folder, bundle, capsys):
    out = folder / "out" / "quality.json"
    assert main(["evaluate", "--data", str(folder), "--bundle", bundle, "--out", str(out)]) == 0
    written = json.loads(out.read_text())
    assert written["results"]["per_phrase"]["films"]["right lung"]["R1_50"]["value"] == 0.0
    assert written["bundle"] == {"model": "mine", "operating_threshold": 0.5}
    assert written["data"]["images"] == 1
    assert f"--split test --bundle {bundle}" in written["command"]
    assert "| films † | ≥ 0.000 |" in capsys.readouterr().out


def test_settings_are_followed_and_told(folder, bundle):
    settings = ["box_threshold=0.25", "rules=false", "device=cpu", "sources=films"]
    words = [word for setting in settings for word in ("--set", setting)]
    out = folder / "quality.json"
    assert main(["evaluate", "--data", str(folder), "--bundle", bundle, "--out", str(out), *words]) == 0
    written = json.loads(out.read_text())
    told = {"box_threshold": 0.25, "rules": False, "device": "cpu", "sources": "films"}
    assert written["bundle"] == {"model": "mine", "operating_threshold": 0.25, "settings": told}
    assert "--set box_threshold=0.25 --set rules=false" in written["command"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("box_treshold=0.3", "expected a key of the evaluation's settings, got 'box_treshold'; did you mean 'box_thr"),
        ("candidates#per_phrases=3", "did you mean 'candidates::per_phrase'?"),
        ("box_threshold=high", "expected a value like 0.5"),
        ("box_threshold=3", "thresholds must lie in [0, 1]"),
        ("canvas=[64, 64, 64]", "expected a canvas like (320, 320)"),
        ("sources=[3]", 'expected sources like ["hc18", "busi"]'),
        ("fitted_on=luck", "expected a key"),
    ],
)
def test_a_wrong_setting_is_a_message(folder, bundle, setting, message, capsys):
    out = folder / "quality.json"
    assert main(["evaluate", "--data", str(folder), "--bundle", bundle, "--out", str(out), "--set", setting]) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_help_says_that_the_stock_command_accepts_anything(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["evaluate", "--help"])
    assert "accepts any key and any value" in capsys.readouterr().out


def test_a_folder_without_an_index_fails_and_says_so(tmp_path, capsys):
    assert main(["evaluate", "--data", str(tmp_path), "--out", str(tmp_path / "a.json")]) == 1
    assert "INDEX.tsv" in capsys.readouterr().err
    assert not (tmp_path / "a.json").exists()


def test_a_split_for_training_is_wrong_usage(tmp_path):
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", "--data", str(tmp_path), "--split", "train", "--out", "a.json"])
    assert stop.value.code == 2
