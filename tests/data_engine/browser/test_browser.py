# SPDX-License-Identifier: Apache-2.0
"""The page to look at images, served as it is to a person: answers, refusals, and what a browser shows."""

from __future__ import annotations

import io
import json
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest
from PIL import Image

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.data_tables import data_tables
from monai_medglip.data_engine.quality import Finding, Stage
from monai_medglip.errors import ConfigurationError, DataError
from tests.browser_page import open_page
from tests.phantoms import INDEX_COLUMNS, PhantomFolder, blocks, write_tsv
from tests.store_of_folder import write_store

pytest.importorskip("pyarrow", reason="pyarrow is in the extra 'data'")
pytest.importorskip("duckdb", reason="duckdb is in the extra 'data'")
pytest.importorskip("uvicorn", reason="uvicorn is in the extra 'data'")
pytest.importorskip("fastapi", reason="fastapi is in the extra 'data'")
from fastapi import FastAPI

from monai_medglip.data_engine.browser import BrowserServer, browser_app

LABELS = [
    {"value": 1, "label": "left lung", "level": "organ"},
    {"value": 2, "label": "lung tumor", "level": "lesion", "instances": "components"},
]
FINDINGS = (
    Finding(Stage.REGIONS, "region extent", "made", "plate", "a speck", region=0),
    Finding(Stage.LICENSES, "missing license", "made", None, "of the whole source"),
)
SQUARE = np.s_[8:20, 10:25]


def write_folder(path) -> GroundingFolder:
    """A picture with a lung and a tumor, an empty one, and a volume of 2 mm voxels in RAS order with a lung."""
    made = PhantomFolder(path, LABELS, facts={"body_region": "chest", "orientation_known": "yes"})
    made.add_labelmap("plate", blocks((40, 30), (1, SQUARE), (2, np.s_[30:36, 5:10])))
    made.add_labelmap("<b>empty</b>", np.zeros((40, 30)), split="test")
    made.add_volume("volume", blocks((20, 24, 10), (1, np.s_[2:8, 4:10, 3:6])), modality="MR")
    write_tsv(path / "INDEX.tsv", [*INDEX_COLUMNS, "shape"], made.rows)
    return GroundingFolder(path)


@pytest.fixture(scope="module", params=["folder", "store"])
def server(request, tmp_path_factory):
    from monai_medglip.data_engine.store import GroundingStore

    data = write_folder(tmp_path_factory.mktemp("data"))
    if request.param == "store":
        data = GroundingStore(write_store(data, tmp_path_factory.mktemp("built") / "store"))
    with BrowserServer(browser_app(data, data_tables(data), title="phantoms", findings=FINDINGS)) as running:
        yield running


def port(server) -> int:
    return urlsplit(server.url).port


def get(server, path: str, host: str | None = None, **words: object):
    """Status, headers and body, of the path just as it is written."""
    connection = HTTPConnection("127.0.0.1", port(server), timeout=30)
    connection.putrequest("GET", path + ("?" + urlencode(words) if words else ""), skip_host=True)
    connection.putheader("Host", host or server.url.split("/")[2])
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def told(server, path: str, **words: object):
    status, _, body = get(server, path, **words)
    assert status == 200, body
    return json.loads(body)


def ids(server, **words: object) -> list[str]:
    return [row["id"] for row in told(server, "/records", **words)["records"]]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({}, ["plate", "<b>empty</b>", "volume"]),
        ({"concept": "lung tumor"}, ["plate"]),
        ({"concept": "lung"}, ["plate", "volume"]),  # the left lung is one
        ({"concept": "liver"}, []),
        ({"modality": "MR"}, ["volume"]),
        ({"split": "test", "source": "made"}, ["<b>empty</b>"]),
        ({"check": "region extent"}, ["plate"]),
        ({"check": "region extent", "modality": "MR"}, []),
        ({"source": "' OR 1=1 --"}, []),
        ({"page": 1}, []),
    ],
)
def test_a_filter_gives_the_images_that_have_it_all(server, words, found) -> None:
    assert ids(server, **words) == found


def test_a_picture_is_the_image_and_its_shapes_lie_where_the_masks_are(server) -> None:
    picture = Image.open(io.BytesIO(get(server, "/records/0/picture")[2]))
    assert picture.size == (40, 30)
    lung, tumor = told(server, "/records/0/shapes")
    assert (lung["region"], lung["box"]) == (0, [8, 10, 20, 25])
    assert (tumor["region"], tumor["box"]) == (1, [30, 5, 36, 10])
    points = np.array([point.split(" ") for point in lung["outline"].strip("MZ").split("L")], float)
    assert points.min(axis=0).tolist() == [8, 10]
    assert points.max(axis=0).tolist() == [20, 25]


def test_a_volume_is_cut_as_radiologists_look_at_it(server) -> None:
    facts = told(server, "/records/2")
    assert [(plane["title"], plane["slices"]) for plane in facts["planes"]][1:] == [("coronal", 24), ("axial", 10)]
    # Front and feet are known: rows run to the back, slices to the feet. Left and right are as stored.
    middle = facts["regions"][0]["middles"][2]
    (lung,) = told(server, "/records/2/shapes", across=2, index=middle)
    assert lung["box"] == [2, 24 - 10, 8, 24 - 4]
    assert [len(told(server, "/records/2/shapes", across=2, index=10 - 1 - z)) for z in (2, 3, 5, 6)] == [0, 1, 1, 0]
    assert Image.open(io.BytesIO(get(server, "/records/2/picture?across=1&index=3")[2])).size == (20, 10)


def test_phrases_name_regions_and_some_name_what_is_not_there(server) -> None:
    phrases = {phrase["text"]: phrase for phrase in told(server, "/records/0/phrases")}
    assert phrases["left lung"]["regions"] == [0]
    assert phrases["lung tumor"]["regions"] == [1]
    assert phrases["lung"]["kind"] == "parent"
    assert all(phrase["regions"] == [] for phrase in phrases.values() if phrase["kind"] in ("other side", "denied"))


def test_facts_tell_findings_and_no_place_on_this_machine(server) -> None:
    facts = told(server, "/records/0")
    assert [(one["check"], one["region"]) for one in facts["findings"]] == [("region extent", 0)]
    assert "/" not in facts["id"]
    assert "path" not in facts


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/records/3", 422),
        ("/records/-1", 422),
        ("/records/0/picture?index=1", 422),
        ("/records/2/shapes?across=3", 422),
        ("/records/x", 422),
        ("/records?page=-1", 422),
        ("/../../etc/passwd", 404),
        ("/records/..%2f..%2fetc%2fpasswd/picture", 404),
        ("/records/%2e%2e/%2e%2e/INDEX.tsv", 404),
        ("/images/plate.png", 404),
        ("/openapi.json", 404),
    ],
)
def test_nothing_but_images_of_the_data_is_served(server, path, status) -> None:
    assert get(server, path)[0] == status


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1]"])
def test_a_foreign_name_for_this_machine_is_refused(server, host) -> None:
    assert get(server, "/", host)[0] == 400


def test_only_reading_is_answered_and_nothing_may_be_loaded_from_elsewhere(server) -> None:
    _, headers, body = get(server, "/")
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;")
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
    assert b"http" not in body
    connection = HTTPConnection("127.0.0.1", port(server), timeout=30)
    connection.request("POST", "/records/0")
    assert connection.getresponse().status == 405
    connection.close()


def test_an_image_that_is_gone_is_told_with_a_reason(tmp_path) -> None:
    folder = write_folder(tmp_path)
    tables = data_tables(folder)
    (tmp_path / "images" / "plate.png").unlink()
    with BrowserServer(browser_app(folder, tables, title="phantoms")) as running:
        status, _, body = get(running, "/records/0")
        assert status == 422
        assert "plate" in json.loads(body)["problem"]
        assert told(running, "/records/1")["id"] == "<b>empty</b>"


def test_findings_of_other_images_are_refused(tmp_path) -> None:
    folder = write_folder(tmp_path)
    other = Finding(Stage.REGIONS, "region extent", "another", "plate", "a speck")
    with pytest.raises(DataError, match="another/plate"):
        browser_app(folder, data_tables(folder), title="phantoms", findings=[other])


def test_a_port_that_is_taken_is_told(server) -> None:
    with pytest.raises(ConfigurationError, match="expected to serve at port"):
        BrowserServer(FastAPI(), port(server))


@pytest.mark.slow
def test_a_person_filters_opens_points_and_scrolls(server) -> None:
    with open_page() as (page, seen):
        page.goto(server.url)
        page.wait_for_selector("#records li:nth-child(3)")
        assert page.locator("#records b").all_inner_texts() == ["plate", "<b>empty</b>", "volume"]
        page.select_option("[name=check]", "region extent")
        page.locator("#records li:nth-child(3)").wait_for(state="detached")
        page.click("#records a")
        page.wait_for_selector("body[data-state=ready] #phrases li")
        box = page.locator("#image [data-region='0'] rect").bounding_box()
        whole = page.locator("#image image").bounding_box()
        scale = whole["width"] / 40
        assert box["x"] - whole["x"] == pytest.approx(8 * scale, abs=1)
        assert box["width"] == pytest.approx(12 * scale, abs=3)
        page.hover("#image [data-region='0'] path")
        assert page.inner_text("#pointed") == "left lung"
        page.hover("#phrases li >> text=/^lung tumor$/")
        assert page.locator("#image g.lit").get_attribute("data-region") == "1"
        assert "a speck" in page.inner_text("#findings")
        page.go_back()
        page.click("[type=reset]")
        page.wait_for_selector("#records li:nth-child(3)")
        page.click("#records li:nth-child(3) a")
        page.wait_for_selector("#image[data-slice^='2/'] .region")
        page.focus("#image")
        page.keyboard.press("PageUp")
        page.wait_for_selector("#image[data-slice='2/0']")
        assert page.locator("#image .region").count() == 0
        page.click("#regions button")
        page.wait_for_selector("#image .region.lit")
    assert seen.problems == []
    assert [address for address in seen.addresses if not address.startswith((server.url, "blob:"))] == []
