# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.cli.main import main
from monai_medglip.data_engine.interchange import write_data_card
from monai_medglip.errors import OutputError

hub = pytest.importorskip("huggingface_hub")


def test_the_hub_reads_the_facts_of_the_card(store, tmp_path) -> None:
    write_data_card(store, tmp_path / "README.md", name="Bilder: ä")
    card = hub.DatasetCard.load(tmp_path / "README.md")
    assert card.data.pretty_name == "Bilder: ä"
    assert card.data.license == "other"
    assert card.data.size_categories == ["n<1K"]
    assert {"ct", "us"} <= set(card.data.tags)


def test_counts_splits_terms_access_and_citations_are_told(store, tmp_path) -> None:
    write_data_card(store, tmp_path / "README.md", name="made")
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "7 medical images of 2 sources with 12 regions" in text
    assert "| made | CT | 6 | 10 |" in text
    assert "| made | 4 | 1 | 1 |" in text
    assert "| nodule | 6 |" in text
    assert "Al-Dhabyani" in text  # whom the card of busi cites
    assert "* Access: free" in text
    assert "### made\n\n* Terms: unknown" in text


def test_the_command_line_writes_the_card_into_the_store(store, tmp_path, capsys) -> None:
    out = tmp_path / "card.md"
    assert main(["data", "export", str(store.path), "--format", "card", "--out", str(out), "--sources", "busi"]) == 0
    assert "1 medical images of 1 sources with 2 regions" in out.read_text(encoding="utf-8")
    assert str(out) in capsys.readouterr().out


def test_a_target_that_cannot_be_written_is_told(store, tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="expected to write"):
        write_data_card(store, tmp_path / "file" / "README.md", name="made")
