# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import numpy as np
import pytest

from monai_medglip.cli.main import main
from tests.phantoms import PhantomFolder

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


def test_a_folder_that_is_none_is_refused_with_a_reason(tmp_path, capsys) -> None:
    assert check(tmp_path / "nowhere") == 1
    assert "INDEX.tsv" in capsys.readouterr().err
