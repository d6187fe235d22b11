# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.cards import CommercialUse, source_card


@pytest.fixture(scope="module")
def folder(repository):
    return GroundingFolder(repository / "examples")


def test_every_image_can_be_read_and_shows_something(folder):
    for record in folder.records():
        assert folder.read(record).spatial_shape == record.shape
        assert folder.regions(record)


def test_all_images_are_from_the_test_split(folder):
    assert {record.split for record in folder.records()} == {"test"}


def test_every_source_may_be_passed_on(folder):
    assert {source_card(source).commercial_use for source in folder.sources} == {CommercialUse.YES}


def test_the_readme_names_every_image(folder, repository):
    text = (repository / "examples" / "README.md").read_text(encoding="utf-8")
    assert [record.name for record in folder.records() if str(record.image.relative_to(folder.path)) not in text] == []


def test_they_are_the_images_of_the_shared_data_set(folder, shared_data):
    for record in folder.records():
        original = shared_data / "2d" / record.image.relative_to(folder.path)
        assert record.image.read_bytes() == original.read_bytes()


@pytest.fixture(scope="module")
def volumes(repository):
    return GroundingFolder(repository / "examples" / "volumes")


def test_the_volume_can_be_read_and_shows_both_parts_of_a_hippocampus(volumes):
    (record,) = volumes.records()
    assert volumes.read(record).spatial_shape == record.shape
    assert {region.concept for region in volumes.regions(record)} == {"anterior hippocampus", "posterior hippocampus"}


def test_no_weights_were_trained_on_the_volume_and_it_may_be_passed_on(volumes):
    assert {record.split for record in volumes.records()} == {"val"}
    assert {source_card(source).commercial_use for source in volumes.sources} == {CommercialUse.YES}


def test_the_readme_names_the_volume(volumes, repository):
    text = (repository / "examples" / "README.md").read_text(encoding="utf-8")
    assert all(str(record.image.relative_to(repository / "examples")) in text for record in volumes.records())


def test_it_is_the_volume_of_the_shared_data_set(volumes, shared_data):
    for record in volumes.records():
        original = shared_data / "3d" / record.image.relative_to(volumes.path)
        assert record.image.read_bytes() == original.read_bytes()


def test_they_are_small(repository):
    assert sum(path.stat().st_size for path in (repository / "examples").rglob("*") if path.is_file()) < 200_000
