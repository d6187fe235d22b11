# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return json.loads(request.param.read_text(encoding="utf-8"))


def cells(notebook, kind):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_no_outputs_are_committed(notebook):
    assert [cell["outputs"] for cell in cells(notebook, "code") if cell["outputs"] or cell["execution_count"]] == []


def test_it_opens_with_a_title_and_explains_every_step(notebook):
    assert "".join(notebook["cells"][0]["source"]).startswith("# ")
    assert len(cells(notebook, "markdown")) >= len(cells(notebook, "code")) / 2


def test_it_uses_public_names_only(notebook):
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in cells(notebook, "code")))
    names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert [name for name in names if re.match("_(?!_)", name)] == []  # what Python itself calls __init__ is public


def test_its_links_resolve(notebook):
    text = "".join("".join(cell["source"]) for cell in cells(notebook, "markdown"))
    assert [link for link in re.findall(r"\]\(([^)]+)\)", text) if not (FOLDER / link).exists()] == []
