# SPDX-License-Identifier: Apache-2.0
"""OHIF in a headless Chromium: what it draws where, in pixels of the screen. The tests of viewers look through it."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import cc3d
import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

__all__ = ["OhifPage", "Outline", "find_chromium", "open_browser", "square_centers"]

_SIZE = {"width": 1400, "height": 850}
_WAIT_MS, _PAUSE_MS = 60_000, 700
_REST_WITHIN_S, _TRIES = 40, 3
_REST = 3
"""Pictures that must be the same, one after another."""
_MIDDLE = np.s_[200:600, 500:1200]
"""Rows and columns of the screen that are black while a series is loaded."""
_THUMBNAILS = '[data-cy="study-browser-thumbnail"], [data-cy="study-browser-thumbnail-no-image"]'
# The tour of a first visit lies over the page.
_NO_TOUR = f"localStorage.setItem('shownTours', '{json.dumps(['basicViewerTour'])}')"
_OUTLINES = """() => [...document.querySelectorAll('svg.svg-layer polyline')].map(line => {
    const corner = line.ownerSVGElement.getBoundingClientRect();
    return {
        points: [...line.points].map(point => [point.x + corner.x, point.y + corner.y]),
        words: [...line.nextElementSibling.querySelectorAll('tspan')].map(part => part.textContent),
    };
})"""

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Outline:
    """A line that is drawn over an image.

    Attributes:
        points: ``(n, 2)`` x and y on the screen [pixels].
        words: the lines of text beside it.
    """

    points: npt.NDArray[np.float64]
    words: tuple[str, ...]


def find_chromium() -> str | None:
    """Return the path of Chromium or Chrome, or None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """Open a headless Chromium that draws in software."""
    # no sandbox: it needs rights that root and containers do not have; the page is of this machine
    options = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=options)
        try:
            yield browser
        finally:
            browser.close()


class OhifPage:
    """A study that is open in OHIF.

    Args:
        browser: that shows it.
        url: where OHIF is served.
        user: of the viewer.
        password: of the user.
        study: its StudyInstanceUID.
    """

    def __init__(self, browser: Browser, url: str, *, user: str, password: str, study: str) -> None:
        self.asked_elsewhere: list[str] = []
        credentials = {"username": user, "password": password}
        self._page: Page = browser.new_page(viewport=_SIZE, http_credentials=credentials)
        self._page.add_init_script(_NO_TOUR)
        self._host = urlsplit(url).netloc
        self._page.on("request", lambda request: self._note(request.url))
        self._page.goto(f"{url}/viewer?StudyInstanceUIDs={study}", wait_until="domcontentloaded")
        self._page.get_by_text("Confirm and hide").click(timeout=_WAIT_MS)
        self._page.locator(_THUMBNAILS).first.wait_for(timeout=_WAIT_MS)

    def close(self) -> None:
        """Close the page."""
        self._page.close()

    def show(self, modality: str) -> None:
        """Show the series of a modality (``SR``, ``SEG``, ``OT`` for pictures) instead of the images.

        Raises:
            TimeoutError: when nothing is shown, nothing else than before, or the screen does not come to rest.
        """
        images = self._at_rest(unlike=np.zeros_like(self.picture()))
        for _ in range(_TRIES):  # OHIF may draw the list anew between two clicks, which then are no double click
            self._page.locator(_THUMBNAILS).filter(has_text=modality).first.dblclick(timeout=_WAIT_MS)
            with contextlib.suppress(TimeoutError):
                self._at_rest(unlike=images)
                return
        raise TimeoutError(f"expected OHIF to show the series {modality} and come to rest; it did not")

    def outlines(self) -> list[Outline]:
        """Give the lines that are drawn over the image."""
        found = self._page.evaluate(_OUTLINES)
        return [Outline(np.array(one["points"], float), tuple(one["words"])) for one in found]

    def words(self) -> str:
        """Give the text of the page."""
        return str(self._page.evaluate("document.body.innerText"))

    def picture(self, *, plain: bool = False) -> Picture:
        """Give what the screen shows ``(rows, columns, 3)``.

        Args:
            plain: whether the words and lines over the image are left out.
        """
        hidden = ".viewport-overlay, svg.svg-layer, [data-cy^=viewport-overlay] {visibility: hidden}" if plain else ""
        shot = self._page.screenshot(style=hidden)
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))

    def _at_rest(self, *, unlike: Picture) -> Picture:
        """Wait until the screen stays the same, and in its middle differs from a picture and is not black."""
        end, before, same = time.monotonic() + _REST_WITHIN_S, unlike, 0
        while same < _REST:
            if time.monotonic() > end:
                raise TimeoutError("expected OHIF to show something else and come to rest; it did not")
            self._page.wait_for_timeout(_PAUSE_MS)
            picture = self.picture()
            is_new = bool(picture[_MIDDLE].any()) and not np.array_equal(picture[_MIDDLE], unlike[_MIDDLE])
            before, same = picture, same + 1 if is_new and np.array_equal(picture, before) else 0
        return before

    def _note(self, address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._host:
            self.asked_elsewhere.append(address)


def square_centers(picture: Picture) -> npt.NDArray[np.float64]:
    """Give x and y ``(3, 2)`` of the centers of the three white squares in a picture, the largest first.

    Args:
        picture: of a screen; squares may be stretched to rectangles.

    Raises:
        ValueError: when there are not just three.
    """
    brightness, color = picture.min(axis=-1), np.ptp(picture, axis=-1)
    labels = cc3d.connected_components((brightness > 128) & (color < 16), connectivity=4)
    found = cc3d.statistics(labels)
    boxes = [(rows, columns) for rows, columns in found["bounding_boxes"][1:]]
    areas = np.array([(rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in boxes])
    is_square = (found["voxel_counts"][1:] > 0.97 * areas) & (areas > 150)
    if is_square.sum() != 3:
        raise ValueError(f"expected three white squares on the screen, found {is_square.sum()}")
    order = sorted(np.flatnonzero(is_square), key=lambda index: -areas[index])
    return np.array([[(c.start + c.stop) / 2, (r.start + r.stop) / 2] for r, c in (boxes[index] for index in order)])
