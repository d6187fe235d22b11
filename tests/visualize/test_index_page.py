# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from monai_medglip.geometry import Frame
from monai_medglip.grounding import Grounding
from monai_medglip.phrases import Phrase
from monai_medglip.visualize import PageEntry, render_index_page, write_index_page
from tests.grounding_phantoms import chest

PICTURE = np.full((30, 40, 3), (200, 40, 40), np.uint8)


class Page(HTMLParser):
    """Collects the tags with their attributes, and checks that they are nested."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def page(*entries):
    return Page(render_index_page(entries, title="Findings", introduction="What it is."))


@pytest.fixture(scope="module")
def chest_page():
    return page(PageEntry("Chest film", PICTURE, chest(), note="CC BY 4.0"), PageEntry("Again", PICTURE, chest()))


def test_the_picture_is_inside_the_page(chest_page):
    source = chest_page.all("img")[0]["src"]
    picture = Image.open(io.BytesIO(base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))))
    assert np.abs(np.asarray(picture).astype(int) - PICTURE).max() < 6


def test_the_page_needs_nothing_from_outside(chest_page):
    targets = [
        value for _, attributes in chest_page.tags for key, value in attributes.items() if key in ("src", "href")
    ]
    assert all(target.startswith(("#", "data:")) for target in targets)


def test_the_answers_stand_in_the_text_and_in_the_description(chest_page):
    assert "absent (0.03)" in chest_page.text
    assert "left lung: found (0.98), 2 regions" in chest_page.all("img")[0]["alt"]


def test_links_lead_to_the_pictures(chest_page):
    names = {attributes["id"] for _, attributes in chest_page.tags if "id" in attributes}
    assert {link["href"][1:] for link in chest_page.all("a")} <= names
    assert len(chest_page.all("a")) == 3


def test_language_title_and_table_heads_are_there_for_screen_readers(chest_page):
    assert chest_page.all("html") == [{"lang": "en"}]
    assert {head["scope"] for head in chest_page.all("th")} == {"col", "row"}
    assert len(chest_page.all("h1")) == 1


def test_every_text_is_escaped():
    evil = '<script>alert("x")</script>'
    grounding = Grounding.empty(Frame.pixel((4, 4)), (Phrase(evil),))
    found = page(PageEntry(evil, PICTURE, grounding, note=evil))
    assert found.all("script") == []
    assert found.text.count(evil) == 3


def test_a_page_without_pictures_says_so():
    assert "There is no picture." in page().text


def test_the_page_is_written_as_utf8(tmp_path):
    write_index_page(tmp_path / "index.html", [], title="Größe")
    assert re.search("<h1>Größe</h1>", (tmp_path / "index.html").read_text(encoding="utf-8"))
