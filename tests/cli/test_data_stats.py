# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.cli.main import main
from monai_medglip.data_engine import GroundingFolder
from tests.phantoms import PhantomFolder, blocks
from tests.store_of_folder import write_store

pytest.importorskip("pyarrow", reason="pyarrow is in the extra 'data'")
pytest.importorskip("duckdb", reason="duckdb is in the extra 'data'")


@pytest.fixture(params=["folder", "store"])
def data(request, tmp_path):
    (tmp_path / "my data").mkdir()
    made = PhantomFolder(tmp_path / "my data", [{"value": 1, "label": "heart"}])
    made.add_labelmap("1", blocks((40, 30), (1, (slice(0, 9), slice(0, 9)))))
    if request.param == "folder":
        return made.path
    return write_store(GroundingFolder(made.path), tmp_path / "my store")


def test_the_figures_are_printed_and_the_page_is_written(data, tmp_path, capsys) -> None:
    assert main(["data", "stats", str(data), "--out", str(tmp_path / "page.html")]) == 0
    assert "1 images, 0 volumes, 1 regions, 1 labels of 1 sources" in capsys.readouterr().out
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert f"<h1>{data.name}</h1>" in page
    assert "heart" in page


def test_a_folder_that_is_none_is_refused_with_a_reason(tmp_path, capsys) -> None:
    assert main(["data", "stats", str(tmp_path / "nowhere"), "--out", str(tmp_path / "page.html")]) == 1
    assert "there is no such folder; correct the path" in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()
