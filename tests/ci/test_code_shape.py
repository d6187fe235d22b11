# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SHORT = '''"""Doc."""
from small.b.two import g

def f(x, y: int):
    """Doc."""
    print(x)
    raise ValueError(f"got {x}")
'''
LONG = (
    '"""Doc."""\nfrom small.a.one import f\n\nclass C:\n    def g(self, z: int):\n'
    + "        z += 1\n" * 70
    + '        raise ValueError("bad")\n'
)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> dict[str, str]:
    """What the script prints of a package of two files, as name to figure."""
    package = tmp_path_factory.mktemp("code") / "small"
    for folder, file, text in [("a", "one.py", SHORT), ("b", "two.py", LONG), (".", "__init__.py", "import os\n" * 99)]:
        (package / folder).mkdir(parents=True, exist_ok=True)
        (package / folder / file).write_text(text, encoding="utf-8")
    words = [sys.executable, str(repository / ".ci" / "code_shape.py"), str(package)]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return dict(re.split(r"\s{2,}", line, maxsplit=1) for line in printed.splitlines())


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("files", "2"),
        ("file lines med / p90 / max", "41.5 / 76 / 76"),
        ("function lines med / p90", "38 / 72"),
        ("functions over 60 lines", "50 % of 2"),
        ("class lines med / p90", "73 / 73"),
        ("public with docstring", "33 % of 3"),
        ("parameters annotated", "67 % of 3"),
        ("pairs in an import cycle", "1 a <> b"),
        ("raised messages with a value", "50 % of 2"),
        ("prints", "1"),
    ],
)
def test_figures_are_those_counted_by_hand(figures: dict[str, str], name: str, figure: str) -> None:
    assert figures[name] == figure
