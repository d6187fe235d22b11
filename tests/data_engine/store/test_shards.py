# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import io
import json
import pickle
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from monai_medglip.data_engine import open_grounding_data
from monai_medglip.data_engine.store import GroundingShards, GroundingStore, write_shards
from monai_medglip.data_engine.store.pixels import pack_pixels, unpack_pixels
from monai_medglip.errors import DataError, OutputError
from tests.store_of_folder import write_store


def same(shards, store):
    """What a record says apart from where it lies."""
    for ours, theirs in zip(shards.records(), store.records(), strict=True):
        places = {"image": theirs.image, "number": theirs.number, "first_region": theirs.first_region}
        assert replace(ours, **places) == theirs
        assert shards.regions(ours) == store.regions(theirs)
        scans = shards.read(ours), store.read(theirs)
        np.testing.assert_array_equal(scans[0].array, scans[1].array)
        assert scans[0].array.dtype == scans[1].array.dtype
        assert (scans[0].frame, scans[0].modality) == (scans[1].frame, scans[1].modality)
    return True


def test_shards_say_what_the_store_says_that_they_were_written_from(shards, store):
    assert same(shards, store)
    assert shards.labels("made") == store.labels("made")
    assert shards.record_by_id("made", "image 3").number == 3


@pytest.mark.parametrize("dimensions", ["2d", "3d"])
def test_shards_of_real_images_hold_the_same_pixels(shared_data, dimensions, tmp_path):
    folder = open_grounding_data(shared_data / dimensions)
    some = [folder.records("test", [source])[0] for source in folder.sources]
    store = GroundingStore(write_store(folder, tmp_path / "store", some))
    write_shards(store, tmp_path / "shards")
    assert same(GroundingShards(tmp_path / "shards"), store)


def test_a_shard_is_a_tar_file_that_others_read(shards_path, store):
    members = {}
    for path in sorted((shards_path / "shards").iterdir()):
        with tarfile.open(path) as tar:
            members |= {member.name: tar.extractfile(member).read() for member in tar}
    assert set(members) == {
        f"{n:09d}.{'jpg' if s == 'pixels' and n == 1 else 'json' if s == 'facts' else 'npy.zst'}"
        for n in range(7)
        for s in ("facts", "pixels")
    }
    facts = json.loads(members["000000003.json"])
    assert (facts["id"], len(facts["regions"])) == ("image 3", 3)
    pixels = np.asarray(Image.open(io.BytesIO(members["000000001.jpg"]))).T[None]
    np.testing.assert_array_equal(pixels, store.read(store.records()[1]).array)


def test_a_shard_is_closed_when_it_is_large_enough(shards, shards_path):
    numbers = shards.shards_of(shards.records())
    assert (np.diff(numbers) >= 0).all()
    assert numbers.max() + 1 == len(list((shards_path / "shards").iterdir())) > 1


def test_the_same_store_gives_the_same_bytes(store, shards_path, tmp_path):
    write_shards(store, tmp_path / "again", shard_bytes=6000)
    digests = [
        {path.relative_to(root): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*.*")}
        for root in (shards_path, tmp_path / "again")
    ]
    assert digests[0] == digests[1]


def test_some_records_make_shards_of_their_own(store, tmp_path):
    write_shards(store, tmp_path / "val", records=store.records("val"))
    assert [record.id for record in GroundingShards(tmp_path / "val").records()] == ["image 4", "boxes"]


def test_shards_travel_to_other_processes_after_they_were_used(shards):
    record = shards.records()[3]
    before = shards.regions(record)
    assert pickle.loads(pickle.dumps(shards)).regions(record) == before


def test_shards_are_never_written_over(store, shards_path):
    with pytest.raises(OutputError, match="expected a folder without shards"):
        write_shards(store, shards_path)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.int32, np.float32])
def test_every_kind_of_pixel_comes_back(dtype, tmp_path):
    array = (np.random.default_rng(0).normal(size=(3, 5, 6, 7)) * 100).astype(dtype)
    suffix, packed = pack_pixels(array, tmp_path)
    np.testing.assert_array_equal(unpack_pixels(suffix, packed), array)
    assert unpack_pixels(suffix, packed).dtype == dtype


def test_a_jpeg_that_was_changed_after_reading_is_not_taken_as_it_is(tmp_path):
    file = tmp_path / "a.jpg"
    Image.fromarray(np.full((8, 9), 100, np.uint8)).save(file)
    assert pack_pixels(np.full((1, 9, 8), 100, np.uint8), file)[0] == "jpg"
    assert pack_pixels(np.full((1, 9, 8), 101, np.uint8), file)[0] == "npy.zst"


@pytest.mark.parametrize("suffix", ["jpg", "npy.zst", "png"])
def test_damaged_pixels_are_told(suffix):
    with pytest.raises(DataError, match="expected"):
        unpack_pixels(suffix, b"nothing that can be read")
