# SPDX-License-Identifier: Apache-2.0
"""Croissant metadata: mlcroissant finds nothing wrong with it, and reads the store's rows by it."""

from __future__ import annotations

import hashlib
import json

import pytest

from monai_medglip.cli.main import main
from monai_medglip.data_engine.store import GroundingStore
from tests.store_of_folder import write_store

mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant (extra interchange) is not installed")
# What mlcroissant 1.1 does with rdflib 7 and pandas 3.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index"),
]


@pytest.fixture
def written(folder, tmp_path):
    """A store of its own, and its metadata beside the tables."""
    store = GroundingStore(write_store(folder, tmp_path / "store ä"))
    assert main(["data", "export", str(store.path), "--format", "croissant", "--name", "made"]) == 0
    return store, store.path / "croissant.json"


def test_mlcroissant_finds_no_error_and_no_warning(written) -> None:
    _, file = written
    metadata = mlcroissant.Dataset(jsonld=str(file)).metadata
    assert metadata.name == "made"
    assert not metadata.ctx.issues.errors
    assert not metadata.ctx.issues.warnings


def test_mlcroissant_reads_the_records_and_regions(written) -> None:
    store, file = written
    opened = mlcroissant.Dataset(jsonld=str(file))
    records = list(opened.records("records"))
    assert [row["records/id"].decode() for row in records] == [record.id for record in store.records()]
    assert [list(row["records/shape"]) for row in records] == [list(record.shape) for record in store.records()]
    boxes = [(row["regions/x_lo"], row["regions/y_hi"]) for row in opened.records("regions")]
    expected = [(region.box[0], region.box[3]) for record in store.records() for region in store.regions(record)]
    assert boxes == expected


def test_the_files_have_the_checksums_of_their_bytes(written) -> None:
    _, file = written
    files = [part for part in json.loads(file.read_text())["distribution"] if "sha256" in part]
    assert len(files) == 5
    for part in files:
        assert hashlib.sha256((file.parent / part["contentUrl"]).read_bytes()).hexdigest() == part["sha256"]


def test_a_data_folder_has_no_tables_to_describe(folder, capsys) -> None:
    assert main(["data", "export", str(folder.path), "--format", "croissant"]) == 1
    assert "expected a store to describe" in capsys.readouterr().err
