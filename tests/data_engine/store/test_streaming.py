# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from torch.utils.data import DataLoader

from monai_medglip.data_engine.store.balanced_sampler import BalancedSampler
from monai_medglip.data_engine.store.epoch_order import DrawnImages, EpochOrder
from monai_medglip.data_engine.store.grounding_stream import GroundingStream
from monai_medglip.data_engine.store.resumable_loader import ResumableLoader
from monai_medglip.errors import ConfigurationError

COUNT = 23
IMAGES = DrawnImages((("MR", "a"),), np.zeros(COUNT, np.int64))


def order_of(**settings):
    return EpochOrder(IMAGES, batch_size=3, balanced=False, drop_last=False, **settings)


def stream(order, workers, process=0, **loading):
    source = GroundingStream(range(COUNT), order, process=process)
    return ResumableLoader(DataLoader(source, batch_size=None, num_workers=workers, collate_fn=list, **loading))


def sampled(order, workers, process=0):
    sampler = BalancedSampler(order, process=process)
    return ResumableLoader(DataLoader(range(COUNT), batch_sampler=sampler, num_workers=workers, collate_fn=list))


def expected(order, epoch, process=0):
    return [batch.tolist() for batch in order.batches(epoch, process)]


@pytest.mark.filterwarnings("ignore:This DataLoader will create 3 worker processes:UserWarning")  # on two cores
@pytest.mark.parametrize("make", [stream, sampled])
@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_any_number_of_workers_gives_the_batches_in_the_same_order(make, workers):
    order = order_of(processes=2)
    loader = make(order, workers, process=1)
    assert [list(loader), list(loader)] == [expected(order, 0, 1), expected(order, 1, 1)]
    assert len(loader) == order.batch_count(1)


@pytest.mark.parametrize("make", [stream, sampled])
@pytest.mark.parametrize(("before", "after"), [(2, 2), (2, 1), (0, 2)])
def test_a_loader_goes_on_behind_the_batch_that_was_given_not_the_one_read_ahead(make, before, after):
    order = order_of()
    first = make(order, before)
    list(first)
    taken = [batch for _, batch in zip(range(3), first, strict=False)]
    state = json.loads(json.dumps(first.state_dict()))
    again = make(order, after)
    again.load_state_dict(state)
    assert (state, taken + list(again)) == ({"epoch": 1, "batch": 3}, expected(order, 1))
    assert list(again) == expected(order, 2)


def test_workers_that_outlive_an_epoch_turn_to_the_next():
    order = order_of()
    loader = stream(order, 2, persistent_workers=True)
    assert [list(loader) for _ in range(3)] == [expected(order, epoch) for epoch in range(3)]


def test_a_loader_whose_order_nobody_knows_is_refused():
    with pytest.raises(ConfigurationError, match="expected a loader over a GroundingStream"):
        ResumableLoader(DataLoader(range(3)))


@pytest.mark.parametrize("state", [{}, {"epoch": 0, "batch": 99}, {"epoch": -1, "batch": 0}])
def test_a_state_that_is_none_is_refused(state):
    with pytest.raises(ConfigurationError, match="expected an epoch and one of 8 batches"):
        stream(order_of(), 0).load_state_dict(state)


def two_processes(repository, shards_path, folder, taken, kind):
    script = repository / "tests" / "data_engine" / "store" / "gloo_readers.py"
    words = [str(folder / f"meet-{taken}"), str(shards_path), str(taken), kind]
    started = [
        subprocess.Popen(
            [sys.executable, str(script), str(rank), "2", *words], cwd=repository, stdout=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    return json.loads(outputs[0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["stream", "sampler"])
def test_two_gloo_processes_with_two_workers_each_share_the_images_and_go_on(
    repository, shards, shards_path, tmp_path, kind
):
    whole = two_processes(repository, shards_path, tmp_path, 0, kind)
    names = [name for process in whole for batch in process for name in batch]
    assert sorted(names) == sorted(record.id for record in shards.records())
    rest = two_processes(repository, shards_path, tmp_path, 1, kind)
    assert rest == [process[1:] for process in whole]
