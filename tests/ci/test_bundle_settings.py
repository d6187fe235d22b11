# SPDX-License-Identifier: Apache-2.0
"""The page of the bundles' settings holds every key, and every key has a use."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from monai_medglip.inference import OperatingPoint

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "bundle-settings.md"
BUNDLES = sorted(path.parents[1] for path in ROOT.glob("bundles/medglip_*/docs/README.md"))


def run_script(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / ".ci" / "bundle_settings.py"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_page_is_up_to_date():
    process = run_script("--check", PAGE)
    assert process.returncode == 0, process.stderr


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A folder of bundles with one toy in it, and a page."""
    (tmp_path / "toy" / "configs").mkdir(parents=True)
    (tmp_path / "toy" / "docs").mkdir()
    (tmp_path / "toy" / "configs" / "train.json").write_text('{"rate": 0.1, "device": "$torch.cpu", "in#ner": 1}')
    (tmp_path / "toy" / "docs" / "README.md").write_text(
        "| all | `device`, `in` | where |\n| train | `rate` | how fast |\n"
    )
    (tmp_path / "page.md").write_text("# Page\n\n<!-- settings:train -->\n<!-- end -->\n")
    return tmp_path


def test_a_row_has_key_meaning_and_default(toy):
    assert run_script("--bundles", toy, "--check", toy / "page.md").returncode == 1
    assert run_script("--bundles", toy, "--write", toy / "page.md").returncode == 0
    rows = (toy / "page.md").read_text().splitlines()[6:9]
    assert rows == [
        "| `rate` | how fast | `0.1` |",
        "| `device` | where | computed |",
        "| `in#ner` | inside `in` | `1` |",
    ]
    assert run_script("--bundles", toy, "--check", toy / "page.md").returncode == 0


def test_a_key_without_a_meaning_fails(toy):
    shutil.copy(toy / "page.md", toy / "before.md")
    (toy / "toy" / "configs" / "train.json").write_text('{"pace": 0.1}')
    process = run_script("--bundles", toy, "--write", toy / "page.md")
    assert process.returncode == 1
    assert "toy: expected 'pace' of train.json in the table of keys" in process.stderr
    assert (toy / "page.md").read_text() == (toy / "before.md").read_text()


@pytest.mark.parametrize("name", ["train", "inference"])
@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.name)
def test_every_plain_key_is_read_somewhere(bundle, name):
    content = json.loads((bundle / "configs" / f"{name}.json").read_text(encoding="utf-8"))
    plain = {
        key
        for key, value in content.items()
        if not (isinstance(value, dict | list) and "_target_" in json.dumps(value))
    }
    engines = {"_meta_", "imports", "initialize", "run", "finalize"}  # what MONAI itself reads
    text = json.dumps([value for key, value in content.items() if key not in {"_meta_"}])
    assert {key for key in plain - engines if not re.search(rf"@{key}\b", text)} == set()


def test_every_setting_of_an_operating_point_is_explained():
    told = PAGE.read_text(encoding="utf-8").partition("## medglip evaluate")[2]
    values = OperatingPoint().to_dict()
    keys = {f"{key}::{inner}" for key, value in values.items() if isinstance(value, dict) for inner in value}
    keys |= {key for key, value in values.items() if not isinstance(value, dict)} - {"fitted_on"}
    assert {key for key in keys if f"`{key}`" not in told} == set()
