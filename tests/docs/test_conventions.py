# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "conventions.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_every_example_of_the_page_runs_in_order():
    session: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, PAGE.name, "exec"), session)


@pytest.mark.parametrize("block", BLOCKS[1:], ids=lambda block: block.splitlines()[0])
def test_every_example_asserts_something(block):
    assert "assert " in block
