# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.cards import Access, CommercialUse
from monai_medglip.data_engine.source_terms import SourceTerms, source_terms
from monai_medglip.data_engine.store import StoredSource, finish_store
from tests.phantoms import PhantomFolder, blocks
from tests.store_of_folder import write_parts


@pytest.fixture
def folder(tmp_path) -> GroundingFolder:
    """One image each of a source with a card and of one without."""
    (tmp_path / "data").mkdir()
    made = PhantomFolder(tmp_path / "data", [{"value": 1, "label": "heart"}])
    made.add_labelmap("1", blocks((40, 30), (1, (slice(0, 9), slice(0, 9)))))
    labels = (made.path / "LABELS.tsv").read_text()
    (made.path / "LABELS.tsv").write_text(labels + labels.splitlines()[1].replace("made", "hc18", 1) + "\n")
    made.add_labelmap("2", blocks((40, 30), (1, (slice(0, 9), slice(0, 9)))), source="hc18")
    return GroundingFolder(made.path)


def test_a_folder_has_the_terms_of_the_cards_and_none_without_one(folder) -> None:
    terms = source_terms(folder, "hc18")
    assert (terms.license, terms.commercial_use) == ("CC BY 4.0 (Zenodo record)", CommercialUse.YES)
    assert terms.access is Access.FREE
    assert source_terms(folder, "made") == SourceTerms("made")


def test_what_a_store_says_itself_comes_first(folder, tmp_path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is in the extra 'data'")
    from monai_medglip.data_engine.store import GroundingStore

    finish_store(
        tmp_path / "store",
        list(write_parts(folder, tmp_path / "parts")),
        labels=[rule for source in folder.sources for rule in folder.labels(source)],
        sources=[
            StoredSource(folder.facts("made"), "by contract", CommercialUse.NO, "us"),
            StoredSource(folder.facts("hc18")),
        ],
        roots=dict.fromkeys(folder.sources, folder.path.resolve()),
    )
    store = GroundingStore(tmp_path / "store")
    assert source_terms(store, "made") == SourceTerms("made", "by contract", CommercialUse.NO, None, "us")
    assert source_terms(store, "hc18").license == "CC BY 4.0 (Zenodo record)"
