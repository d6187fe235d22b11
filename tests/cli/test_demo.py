# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re

import pytest
from PIL import Image

from monai_medglip.cli import demo
from monai_medglip.cli.main import main
from monai_medglip.grounding import read_json


@pytest.fixture(scope="module")
def examples(repository):
    return sorted(line.split("\t")[1] + "_" + line.split("\t")[0] for line in _index(repository))


def _index(repository):
    return (repository / "examples" / "INDEX.tsv").read_text().splitlines()[1:]


@pytest.fixture
def in_checkout(tiny_grounder, repository, monkeypatch):
    """Run in the checkout as though nothing lay beside it."""
    monkeypatch.chdir(repository)
    monkeypatch.setattr(demo, "_SHARED", repository / "nothing beside")


def test_it_writes_pictures_answers_a_page_and_a_montage(in_checkout, examples, tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo"), "--montage", str(tmp_path / "all.png")]) == 0
    page = tmp_path / "demo" / "index.html"
    assert f"6 images; open {page}" in capsys.readouterr().out
    assert sorted(path.stem for path in (tmp_path / "demo").glob("*.json")) == examples
    assert sorted(path.stem for path in (tmp_path / "demo").glob("*.png")) == examples
    html = page.read_text(encoding="utf-8")
    assert len(re.findall("<article", html)) == 6
    assert "negated" in html
    assert "CC BY 4.0" in html
    with Image.open(tmp_path / "all.png") as montage:
        assert montage.width > 1000
    assert read_json(tmp_path / "demo" / "hc18_051_HC.json").provenance["modality"] == "US"


def test_outside_a_checkout_it_says_what_it_needs(tiny_grounder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["demo"]) == 1
    assert "expected the folder examples/ of a checkout" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()
