# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "monai_medglip").rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bundles").rglob("*.md")])
PROGRAM = re.compile(r"^```python\n(?!>>>)(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?:\]\(|src=\"|href=\")(?!https?:|mailto:|#)<?([^)\s\">#]+)")


def _undocumented(tree: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            if ast.get_docstring(node) is None:
                yield node.name
            if isinstance(node, ast.ClassDef):
                yield from _undocumented(node)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_and_public_object_has_a_docstring(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert list(_undocumented(tree)) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_opens_with_its_license_and_says_what_is_public(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# SPDX-License-Identifier: Apache-2.0\n")
    assert "__all__" in text


def test_the_api_reference_has_a_page_for_every_subpackage() -> None:
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    subpackages = {path.parent.name for path in (ROOT / "monai_medglip").glob("*/__init__.py")}
    assert set(re.findall(r"^generated/(\w+)$", page, re.MULTILINE)) >= subpackages


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_resolves(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert [target for target in LINK.findall(prose) if not (page.parent / target).exists()] == []


def _examples() -> Iterator[str]:
    for page in PAGES:
        yield from PROGRAM.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", list(_examples()), ids=lambda example: example.splitlines()[0])
def test_every_name_that_an_example_imports_exists(example: str) -> None:
    lines = [ast.unparse(node) for node in ast.parse(example).body if isinstance(node, (ast.Import, ast.ImportFrom))]
    exec("\n".join(lines), {})


def test_no_committed_file_names_a_place_of_one_machine() -> None:
    machine = r"(^|[^A-Za-z0-9_./:~-])/(home|root|tmp|work|opt|mnt|Users)/[A-Za-z]"
    registry = r"pypi[.]org|pythonhosted[.]org|download[.]pytorch[.]org"
    search = ["git", "grep", "-nIE", f"{machine}|{registry}", "--", ".", ":!*.svg", ":!*/Dockerfile"]
    process = subprocess.run(search, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 1, process.stdout or process.stderr
