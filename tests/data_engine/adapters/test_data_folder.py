# SPDX-License-Identifier: Apache-2.0
"""Data folders through the adapter give the regions that `GroundingFolder` gives."""

from __future__ import annotations

import pytest

from monai_medglip.data_engine.adapters import adapter_from_layout
from monai_medglip.data_engine.instances import regions_from_annotations


def _same_regions(folder, source, records):
    items = {
        item.id: item for item in adapter_from_layout({"reader": "data_folder", "source": source}).items(folder.path)
    }
    assert list(items) == [record.id for record in folder.records(sources=[source])]
    for record in records:
        item = items[record.id]
        assert (item.modality, item.split, item.patient) == (record.modality, record.split, record.patient)
        drawn = item.annotation.read(item.read())
        assert regions_from_annotations(drawn, folder.labels(source)) == folder.regions(record)


@pytest.mark.parametrize("source", ["acdc", "bccd", "montgomery", "dsb2018", "ufba425_teeth"])
def test_pictures_of_every_kind_of_annotation(folder_2d, source):
    _same_regions(folder_2d, source, folder_2d.records("test", sources=[source])[:5])


@pytest.mark.parametrize("source", ["msd_hippocampus", "brats2013", "sts"])
def test_volumes(folder_3d, source):
    _same_regions(folder_3d, source, folder_3d.records("test", sources=[source])[:2])
