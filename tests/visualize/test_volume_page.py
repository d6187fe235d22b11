# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import io
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from monai_medglip.errors import GeometryError, OutputError
from monai_medglip.geometry import AxisPair, Boxes, Frame
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import MaskRLE, Scan
from monai_medglip.phrases import Phrase
from monai_medglip.visualize import render_volume_page, volume_page, write_volume_page
from tests.grounding_phantoms import chest, grey_scan, oblique_frame

RAS = Frame(np.diag([2.0, 2.0, 5.0, 1.0]), (40, 30, 8), frozenset(AxisPair), spacing_known=True)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Page(HTMLParser):
    """Collects tags, the visible text and the values for the script."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.view, self._inside = [], "", None, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._inside = dict(attributes).get("id") if tag == "script" else tag

    def handle_data(self, data):
        if self._inside == "view":
            self.view = json.loads(data)
            self._inside = None
        elif self._inside not in (None, "style"):
            self.text += data

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def page(grounding=None, frame=RAS, **options):
    return Page(render_volume_page(grey_scan(frame), grounding or chest(frame), title="Neck", **options))


@pytest.fixture(scope="module")
def chest_page():
    return page(note="CC BY 4.0")


def test_the_slices_are_those_of_the_volume_as_displayed(chest_page):
    shown = grey_scan(RAS).array[0, ::-1, ::-1, ::-1]
    picture = Image.open(io.BytesIO(base64.b64decode(chest_page.view["slices"][2])))
    assert len(chest_page.view["slices"]) == 8
    assert np.abs(np.asarray(picture).astype(int) - shown[..., 2].T).max() < 4


def test_boxes_are_told_in_the_displayed_order(chest_page):
    assert chest_page.view["regions"][2]["box"] == [14, 4, 2, 28, 16, 6]
    assert chest_page.view["pixelSize"] == [2, 2, 5]
    assert chest_page.view["ends"] == [["R", "L"], ["A", "P"], ["S", "I"]]


def test_masks_are_run_lengths_of_their_part(chest_page):
    mask = chest_page.view["phrases"][1]["mask"]
    assert (mask["low"], mask["size"]) == ([14, 4, 2], [14, 12, 4])
    assert MaskRLE(tuple(mask["size"]), mask["counts"].encode()).decode().all()


def test_the_page_needs_nothing_from_outside(chest_page):
    assert [name for name in ("img", "link", "iframe") if chest_page.all(name)] == []
    assert [attributes for _, attributes in chest_page.tags if {"src", "href"} & set(attributes)] == []
    policy = next(meta["content"] for meta in chest_page.all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_all_answers_stand_in_the_text_with_a_switch_each(chest_page):
    assert "absent (0.03)" in chest_page.text
    switches = [tag for tag in chest_page.all("input") if "data-phrase" in tag]
    assert ["disabled" in tag for tag in switches] == [False, False, True]
    assert "nothing on this page is a diagnosis" in chest_page.text


def test_each_region_has_a_button_the_best_first(chest_page):
    assert [tag["data-region"] for tag in chest_page.all("button")] == ["0", "1", "2"]
    assert re.findall(r"0\.\d\d\b(?= )", chest_page.text) == ["0.90", "0.40", "0.75"]


def test_measures_are_told_where_the_spacing_is_known(chest_page):
    assert "28 x 24 x 20 mm, 13 ml" in chest_page.text
    assert "Volume" in chest_page.text


@pytest.mark.parametrize("frame", [replace(RAS, spacing_known=False), Frame.pixel((40, 30, 8))])
def test_no_measure_is_made_up(frame):
    found = page(frame=frame)
    assert not re.search(r"\d (mm|ml)\b", found.text)
    assert "The spacing of the voxels is not known" in found.text


def test_every_text_is_escaped():
    evil = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'
    found = Page(
        render_volume_page(
            grey_scan(RAS), Grounding.empty(RAS, (Phrase(evil),), provenance={"model": evil}), title=evil, note=evil
        )
    )
    assert len(found.all("script")) == 2
    assert found.all("img") == []
    assert found.view["phrases"][0]["text"] == evil
    assert found.text.count(evil) == 5


def test_a_large_volume_is_averaged_and_the_page_says_so():
    frame = Frame(np.eye(4), (300, 4, 4), frozenset(AxisPair), spacing_known=True)
    found = page(Grounding.empty(frame), frame)
    assert found.view["shape"] == [150, 4, 4]
    assert "a grid of 150 x 4 x 4: each of its voxels is the average of 2 x 1 x 1" in found.text


def test_the_grid_is_coarser_where_the_page_would_be_too_large(monkeypatch):
    frame = Frame.pixel((250, 200, 8))
    noise = Scan(np.random.default_rng(0).integers(0, 255, (1, *frame.shape)).astype(np.uint8), frame)
    monkeypatch.setattr(volume_page, "_MOST_CHARACTERS", 200_000)
    text = render_volume_page(noise, Grounding.empty(frame), title="noise")
    assert len(text) <= 200_000
    assert max(Page(text).view["shape"]) < 250


def test_a_page_that_cannot_be_small_enough_is_refused(monkeypatch):
    monkeypatch.setattr(volume_page, "_MOST_CHARACTERS", 5000)
    with pytest.raises(OutputError, match=r"for 3 regions; keep fewer"):
        page()


def test_a_2d_image_and_another_grid_are_refused():
    with pytest.raises(GeometryError, match="frame of a volume"):
        page(frame=Frame.pixel((40, 30)))
    with pytest.raises(GeometryError, match="grounding on the scan's grid"):
        page(chest(oblique_frame((41, 30, 8))))


def test_the_page_is_written_as_utf8(tmp_path):
    write_volume_page(tmp_path / "neck.html", grey_scan(RAS), chest(RAS), title="Größe")
    assert "<h1>Größe</h1>" in (tmp_path / "neck.html").read_text(encoding="utf-8")


# Writes into the page the bounds [left, right, bottom] of each color on the axial, coronal and sagittal canvas, as
# shares of its side; the top is left out, because a label stands there.
MEASURE = """<script>
setInterval(() => {}, 1);  // the browser's time, which skips waiting, must not run out while a busy machine decodes
new MutationObserver(() => {
  const bounds = [...document.querySelectorAll("canvas")].map((canvas) => view.phrases.map(({ color }) => {
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)), side = canvas.width;
    const pixels = canvas.getContext("2d").getImageData(0, 0, side, side).data, found = [side, 0, 0];
    for (let at = 0; at < pixels.length; at += 4) {
      if (pixels[at] !== red || pixels[at + 1] !== green || pixels[at + 2] !== blue) continue;
      const x = (at / 4) % side, y = Math.floor(at / 4 / side);
      found[0] = Math.min(found[0], x); found[1] = Math.max(found[1], x + 1); found[2] = Math.max(found[2], y + 1);
    }
    return found.map((edge) => edge / side);
  }));
  document.documentElement.dataset.measured = JSON.stringify(bounds);
  document.getElementById("show-all").click();
  const pixels = document.querySelector("canvas").getContext("2d").getImageData(0, 0, 2000, 2000).data;
  const isColored = (value, at) => at % 4 < 3 && value !== pixels[at - at % 4];
  document.documentElement.dataset.colored = pixels.filter(isColored).length;
}).observe(document.body, { attributeFilter: ["data-state"] });
</script>"""


def measured(path):
    """What a browser draws on the three canvases, and on the first with all phrases switched off."""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("</body>", MEASURE + "</body>"), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,900", "--virtual-time-budget=60000"]
    command = [CHROMIUM, *options, f"--user-data-dir={path.parent / 'profile'}", "--dump-dom", path.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout
    return Page(dom).all("html")[0]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page in")
def test_a_browser_draws_boxes_and_contours_where_they_are(tmp_path):
    frame = Frame(np.diag([2.0, 2.0, 5.0, 1.0]), (80, 80, 32), frozenset(AxisPair), spacing_known=True)
    mask = np.zeros(frame.shape, bool)
    mask[50:60, 15:45, 6:14] = True
    both = Grounding(
        boxes=Boxes(np.array([[5, 10, 2, 45, 50, 18.0]]), frame),
        scores=[0.75],
        phrase_index=[0],
        phrases=(Phrase("heart"), Phrase("stent")),
        presence=[1, 1],
        status=("found", "found"),
        support=("unseen", "unseen"),
        phrase_masks=(None, MaskRLE.encode(mask)),
    )
    write_volume_page(tmp_path / "page.html", Scan(np.zeros((1, *frame.shape), np.uint8), frame), both, title="")
    # 160 mm in each direction; low indices lie at the left, back and feet, which are the high ends as displayed
    left, back, feet = np.array([[35, 75], [30, 70], [14, 30]]) / [[80], [80], [32]]
    stent_left, stent_back, stent_feet = np.array([[20, 30], [35, 65], [18, 26]]) / [[80], [80], [32]]
    found = measured(tmp_path / "page.html")
    axial, coronal, sagittal = np.array(json.loads(found["data-measured"]))
    assert axial == pytest.approx(np.array([[*left, back[1]], [*stent_left, stent_back[1]]]), abs=0.01)
    assert coronal == pytest.approx(np.array([[*left, feet[1]], [*stent_left, stent_feet[1]]]), abs=0.01)
    assert sagittal[0] == pytest.approx(np.array([*back, feet[1]]), abs=0.01)
    assert sagittal[1].tolist() == [1, 0, 0]  # the plane through the box is beside the mask
    assert found["data-colored"] == "0"
