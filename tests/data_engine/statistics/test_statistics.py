# SPDX-License-Identifier: Apache-2.0
"""What is counted in a collection whose parts were counted by hand, as a folder, a store and shards."""

from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.data_tables import data_tables
from monai_medglip.data_engine.statistics import collect_statistics
from monai_medglip.data_engine.statistics.data_statistics import RecordCount
from monai_medglip.imaging import Modality
from monai_medglip.ontology.concept import Level
from tests.phantoms import PhantomFolder, blocks
from tests.store_of_folder import write_store

pytest.importorskip("pyarrow", reason="pyarrow is in the extra 'data'")
pytest.importorskip("duckdb", reason="duckdb is in the extra 'data'")

LABELS = [
    {"value": 1, "label": "left lung", "level": "organ"},
    {"value": 2, "label": "lung tumor", "level": "lesion", "instances": "components"},
]


def plates(path) -> GroundingFolder:
    """Three pictures of 40 x 30 with 3, 1 and 0 regions, and one speck."""
    made = PhantomFolder(path, LABELS, facts={"body_region": "chest"})
    left = (1, (slice(0, 20), slice(0, 15)))
    tumors = [(2, (slice(22, 26), slice(0, 4))), (2, (slice(30, 38), slice(10, 14)))]
    made.add_labelmap("a", blocks((40, 30), left, *tumors, (2, (slice(0, 2), slice(20, 22)))), patient="p")
    made.add_labelmap("b", blocks((40, 30), left), patient="p")
    made.add_labelmap("c", np.zeros((40, 30)), patient="q", split="test")
    return GroundingFolder(path)


def volumes(path) -> GroundingFolder:
    """One volume of 2 mm voxels with a region of 10 x 20 x 4 voxels."""
    made = PhantomFolder(path, LABELS, facts={"body_region": "chest", "spacing_known": "yes"})
    made.add_volume("v", blocks((50, 40, 20), (1, (slice(5, 15), slice(5, 25), slice(3, 7)))))
    return GroundingFolder(path)


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "data"
    path.mkdir()
    return path


@pytest.fixture(params=["folder", "store", "shards"])
def statistics_of(request, tmp_path):
    def count(folder: GroundingFolder):
        from monai_medglip.data_engine.store import GroundingShards, GroundingStore, write_shards

        data = folder
        if request.param != "folder":
            data = GroundingStore(write_store(folder, tmp_path / "store"))
        if request.param == "shards":
            write_shards(data, tmp_path / "shards")
            data = GroundingShards(tmp_path / "shards")
        return collect_statistics(data, data_tables(data))

    return count


def test_images_regions_and_patients_are_counted(statistics_of, place) -> None:
    found = statistics_of(plates(place))
    assert found.records == (
        RecordCount("made", Modality.CT, 2, "test", 1),
        RecordCount("made", Modality.CT, 2, "train", 2),
    )
    assert [(source.name, source.records, source.patients, source.regions) for source in found.sources] == [
        ("made", 3, 2, 4)
    ]
    assert (found.region_count, found.masks, found.specks) == (4, 4, 1)
    assert found.body_regions == {"chest": 3}
    assert found.per_record == {0: 1, 1: 1, 3: 1}


def test_labels_and_levels_are_counted_without_specks(statistics_of, place) -> None:
    found = statistics_of(plates(place))
    assert [(c.name, c.level, c.regions, c.records, c.sources) for c in found.concepts] == [
        ("left lung", Level.ORGAN, 2, 2, 1),
        ("lung tumor", Level.LESION, 2, 1, 1),
    ]
    assert found.levels == {(Modality.CT, Level.ORGAN): 2, (Modality.CT, Level.LESION): 2}


def test_sizes_lie_in_the_bins_of_their_shares(statistics_of, place) -> None:
    found = statistics_of(plates(place))
    # 20 x 15 of 40 x 30 is 25 %, in the bin from 10^(-3/4) = 18 %; 4 x 4 is 1.3 %, 8 x 4 is 2.7 %.
    assert found.shares == {2: {-3: 2, -8: 1, -7: 1}}
    assert found.lengths_mm == {}


def test_lengths_are_told_where_the_spacing_is_known(statistics_of, place) -> None:
    found = statistics_of(volumes(place))
    # The longest side is 20 voxels of 2 mm: 40 mm, in the bin from 10^(6/4) = 32 mm. The share is 800 of 40,000 voxels.
    assert found.lengths_mm == {3: {6: 1}}
    assert found.shares == {3: {-7: 1}}


def test_a_region_that_is_the_whole_image_lies_in_the_last_bin(statistics_of, place) -> None:
    made = PhantomFolder(place, LABELS)
    made.add_labelmap("a", np.ones((40, 30)))
    assert statistics_of(GroundingFolder(place)).shares == {2: {-1: 1}}


def test_an_annotation_that_cannot_be_read_is_a_finding_and_its_image_counts(tmp_path) -> None:
    folder = plates(tmp_path)
    (tmp_path / "masks" / "a.png").write_bytes(b"no picture")
    found = collect_statistics(folder, data_tables(folder))
    assert found.findings == {("files", "unreadable"): 1}
    assert (found.record_count(), found.region_count) == (3, 1)


def test_the_real_folder_has_as_many_images_and_regions_as_its_own_interface_gives(folder_3d) -> None:
    found = collect_statistics(folder_3d, data_tables(folder_3d))
    regions = [region for record in folder_3d.records() for region in folder_3d.regions(record) if not region.ignored]
    assert found.record_count(spatial_dims=3) == len(folder_3d.records())
    assert found.region_count == len(regions)
    assert sum(sum(own.values()) for own in found.shares.values()) == len(regions)
    assert {source.name: source.patients for source in found.sources}["msd_hippocampus"] == 67  # as its README says
