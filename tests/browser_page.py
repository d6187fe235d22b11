# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium for tests of pages that we write or serve."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@dataclass
class Seen:
    """What a page did while it was open."""

    addresses: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@contextlib.contextmanager
def open_page(width: int = 1280, height: int = 900) -> Iterator[tuple[Page, Seen]]:
    """An empty page, and what it asks for and complains of; skips where there is no browser."""
    if CHROMIUM is None:
        pytest.skip("no Chromium to open the page in")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is in the extra 'dev'")
    seen = Seen()
    with playwright.sync_playwright() as program:
        # no sandbox: it needs rights that root and containers do not have; the page is of this machine
        browser = program.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.on("request", lambda request: seen.addresses.append(request.url))
            page.on("pageerror", lambda error: seen.problems.append(str(error)))
            page.on("console", lambda said: said.type == "error" and seen.problems.append(said.text))
            yield page, seen
        finally:
            browser.close()
