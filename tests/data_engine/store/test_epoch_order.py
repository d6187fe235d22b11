# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medglip.data_engine.sampling_weights import sampling_weights
from monai_medglip.data_engine.store.epoch_order import DrawnImages, EpochOrder
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.modality import Modality


def images_of(counts, *, lengths=None, shards=None):
    groups = tuple((Modality.CT if number % 2 else Modality.MR, f"source {number}") for number in range(len(counts)))
    group_of = np.repeat(np.arange(len(counts)), counts)
    return DrawnImages(groups, group_of, lengths, shards)


def batches(order, epoch=0):
    return [[batch.tolist() for batch in order.batches(epoch, process)] for process in range(order.processes)]


counts_of_groups = st.lists(st.integers(1, 40), min_size=1, max_size=5)
sizes = {"batch_size": st.integers(1, 7), "processes": st.integers(1, 5), "seed": st.integers(0, 9)}


@settings(deadline=None)
@given(counts=counts_of_groups, with_lengths=st.booleans(), with_shards=st.booleans(), **sizes)
def test_without_shares_each_image_is_drawn_once_by_one_process(counts, with_lengths, with_shards, **sizes):
    total = sum(counts)
    lengths = np.arange(total) % 5 if with_lengths else None
    shards = np.arange(total) // 3 if with_shards else None
    order = EpochOrder(
        images_of(counts, lengths=lengths, shards=shards), balanced=False, drop_last=False, shards_at_once=2, **sizes
    )
    drawn = [position for process in batches(order) for batch in process for position in batch]
    assert sorted(drawn) == list(range(total))


@settings(deadline=None)
@given(counts=counts_of_groups, draws=st.integers(35, 200), **sizes)
def test_all_processes_have_full_batches_and_as_many(counts, draws, **sizes):
    order = EpochOrder(images_of(counts), draws=draws, **sizes)
    processes = batches(order)
    assert {len(process) for process in processes} == {draws // (order.batch_size * order.processes)}
    assert {len(batch) for process in processes for batch in process} == {order.batch_size}
    assert order.batch_count(0) == len(processes[0])


@settings(deadline=None)
@given(counts=counts_of_groups, draws=st.integers(35, 200), **sizes)
def test_no_image_is_drawn_again_before_all_of_its_source_were(counts, draws, **sizes):
    images = images_of(counts)
    drawn = Counter(EpochOrder(images, draws=draws, **sizes).positions(0).tolist())
    for group in range(len(counts)):
        times = [drawn[position] for position in np.flatnonzero(images.group_of == group).tolist()]
        assert max(times) - min(times) <= 1


@settings(deadline=None)
@given(counts=counts_of_groups, epoch=st.integers(0, 3), first=st.integers(0, 12), **sizes)
def test_whoever_goes_on_in_an_epoch_sees_what_would_have_come(counts, epoch, first, **sizes):
    images = images_of(counts, lengths=np.arange(sum(counts)) % 4)
    whole, again = (EpochOrder(images, drop_last=False, **sizes) for _ in range(2))
    for process in range(whole.processes):
        rest = [batch.tolist() for batch in again.batches(epoch, process, first)]
        assert rest == batches(whole, epoch)[process][first:]


def test_epochs_and_seeds_differ():
    orders = [EpochOrder(images_of([50]), batch_size=5, seed=seed) for seed in (0, 0, 1)]
    same, again, other = (order.positions(0).tolist() for order in orders)
    assert same == again
    assert same not in (other, orders[0].positions(1).tolist())


def test_shares_are_those_of_the_weights_in_the_whole_and_in_its_parts():
    counts = [900, 100, 2500]
    images = images_of(counts)
    from pathlib import Path

    from monai_medglip.data_engine import Record

    records = [
        Record(str(i), images.groups[g][1], images.groups[g][0], None, Path(), "p", "train", (4, 4))
        for i, g in enumerate(images.group_of.tolist())
    ]
    weights = np.bincount(images.group_of, weights=sampling_weights(records, {"source 0": 2.0}))
    order = EpochOrder(images, batch_size=10, draws=2000, factors={"source 0": 2.0}).positions(0)
    for part in (order, order[:500], order[700:1200]):
        shares = np.bincount(images.group_of[part], minlength=3) / len(part)
        np.testing.assert_allclose(shares, weights, atol=0.01)


def test_batches_are_of_even_length():
    lengths = np.random.default_rng(0).geometric(0.1, 3200)
    spreads = [
        np.std([lengths[batch].sum() for batch in EpochOrder(images, batch_size=8, processes=2).batches(0, 0)])
        for images in (images_of([3200]), images_of([3200], lengths=lengths))
    ]
    assert spreads[1] < spreads[0] / 2


def test_images_come_out_of_some_shards_at_a_time():
    shards = np.arange(1000) // 50
    order = EpochOrder(images_of([1000], shards=shards), batch_size=10, shards_at_once=4).positions(0)
    opened = [set(shards[order[start : start + 200]].tolist()) for start in range(0, 1000, 200)]
    assert [len(some) for some in opened] == [4] * 5
    assert set.union(*opened) == set(range(20))
    assert len(set(shards[order[:20]].tolist())) > 1


def test_records_of_a_store_and_of_a_folder_are_looked_at_alike(store, made_folder):
    ours, theirs = DrawnImages.of(store.records()), DrawnImages.of(made_folder.records())
    assert (ours.groups, ours.group_of.tolist()) == (theirs.groups, theirs.group_of.tolist())
    assert ours.lengths.tolist() == [len(made_folder.regions(record)) for record in made_folder.records()]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 0}, "expected batch_size of at least 1, got 0"),
        ({"batch_size": 8, "processes": 2}, "expected at least 16 images for one batch of each process, got 10"),
        ({"batch_size": 2, "factors": {"nothing": 2}}, "got one for 'nothing'"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        EpochOrder(images_of([10]), **wrong)
