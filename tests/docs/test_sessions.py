# SPDX-License-Identifier: Apache-2.0
"""The interactive sessions (``>>>``) of the pages give what the pages print."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SESSION = re.compile(r"^```(?:python|pycon)\n(>>>.*?)^```", re.DOTALL | re.MULTILINE)
PAGES = {
    page: SESSION.findall(page.read_text(encoding="utf-8")) for page in [*ROOT.glob("docs/*/*.md"), ROOT / "README.md"]
}


@pytest.mark.parametrize("page", [page for page, found in PAGES.items() if found], ids=lambda page: page.name)
def test_every_session_of_a_page_prints_what_the_page_says(page: Path) -> None:
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    session = doctest.DocTestParser().get_doctest("\n".join(PAGES[page]), {}, page.name, str(page), 0)
    printed: list[str] = []
    doctest.DocTestRunner(optionflags=flags).run(session, out=printed.append)
    assert "".join(printed) == ""
