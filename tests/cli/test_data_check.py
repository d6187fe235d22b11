# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import numpy as np
import pytest

from monai_medglip.cli.main import main
from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.quality.finding_file import read_findings
from tests.phantoms import PhantomFolder
from tests.store_of_folder import write_store

pytest.importorskip("imagehash", reason="imagehash is in the extra 'data'")


@pytest.fixture
def folder(tmp_path):
    """Two images: one with a speck of a label, one whose mask has another size than the image."""
    made = PhantomFolder(tmp_path, [{"value": 1, "label": "polyp", "level": "lesion", "instances": "components"}])
    pixels = np.zeros((40, 30))
    pixels[5:20, 5:20] = pixels[30, 20] = 1
    made.add_labelmap("good & <bold>", pixels)
    made.add("broken", "masks/broken.png", "labelmap", (40, 30))
    (tmp_path / "masks" / "broken.png").write_bytes(b"no picture")
    return tmp_path


def check(folder, *words: str) -> int:
    return main(["data", "check", str(folder), "--out", str(folder / "page.html"), *words])


def test_what_is_wrong_is_counted_listed_and_drawn(folder, capsys) -> None:
    assert check(folder, "--json", str(folder / "found.json")) == 1
    found = {(row["check"], row["record"]) for row in json.loads((folder / "found.json").read_text())}
    assert {("unreadable", "broken"), ("region extent", "good & <bold>")} <= found
    page = (folder / "page.html").read_text()
    assert "good &amp; &lt;bold&gt;" in page
    assert "data:image/jpeg" in page
    assert "1  unreadable" in capsys.readouterr().out


def test_waived_findings_are_no_failure_and_stay_on_the_page(folder) -> None:
    checks = ("unreadable", "region extent", "implausible geometry", "missing license", "similar images")
    rules = "".join(f"- {{check: {name}, source: made, because: a phantom}}\n" for name in checks)
    (folder / "waivers.yaml").write_text(rules)
    assert check(folder, "--waivers", str(folder / "waivers.yaml")) == 0
    assert "a phantom" in (folder / "page.html").read_text()


def test_a_store_and_shards_of_the_same_images_have_the_same_findings(tmp_path) -> None:
    pytest.importorskip("duckdb", reason="duckdb is in the extra 'data'")
    from monai_medglip.data_engine.store import GroundingStore, write_shards

    (tmp_path / "folder").mkdir()
    made = PhantomFolder(tmp_path / "folder", [{"value": 1, "label": "polyp", "level": "lesion"}])
    for name, side in (("1", 3), ("2", 20)):
        pixels = np.zeros((40, 30))
        pixels[5 : 5 + side, 5 : 5 + side] = 1
        made.add_labelmap(name, pixels)
    store = write_store(GroundingFolder(made.path), tmp_path / "store")
    write_shards(GroundingStore(store), tmp_path / "shards")
    found = []
    for data in (made.path, store, tmp_path / "shards"):
        assert check(data, "--json", str(data / "found.json")) == 1
        found.append(read_findings(data / "found.json"))
    assert {finding.check for finding in found[0]} >= {"region extent", "equal images", "missing license"}
    assert found[1] == found[0]
    assert found[2] == found[0]


def test_a_folder_that_is_none_is_refused_with_a_reason(tmp_path, capsys) -> None:
    assert check(tmp_path / "nowhere") == 1
    assert "there is no such folder" in capsys.readouterr().err
