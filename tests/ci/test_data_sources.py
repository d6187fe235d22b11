# SPDX-License-Identifier: Apache-2.0
"""The page of the public data sets is that of their cards, and tells every key of a card."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

from monai_medglip.data_engine.cards.check_card import check_card
from monai_medglip.data_engine.cards.read_card import CARD_KEYS, read_card
from monai_medglip.ontology import Ontology

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "data-sources.md"
RECIPE = ROOT / "docs" / "how-to" / "add-a-data-set.md"


def run_script(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / ".ci" / "data_sources.py"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_table_is_up_to_date():
    process = run_script("--check", PAGE)
    assert process.returncode == 0, process.stderr


def test_a_table_that_is_out_of_date_fails_and_is_written_anew(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n<!-- sources -->\nold\n<!-- end -->\n", encoding="utf-8")
    assert run_script("--check", page).returncode == 1
    assert run_script("--write", page).returncode == 0
    assert run_script("--check", page).returncode == 0
    assert "| `kits23` |" in page.read_text(encoding="utf-8")


def test_every_key_of_a_card_is_told():
    told = PAGE.read_text(encoding="utf-8").partition("## What a card says")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE)) == CARD_KEYS


def test_the_card_of_the_recipe_is_valid(tmp_path):
    (block,) = re.findall(r"```yaml\n(.*?)```", RECIPE.read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / "knees.yaml"
    path.write_text(textwrap.dedent(block), encoding="utf-8")
    check_card(read_card(path), Ontology.default(), path)
