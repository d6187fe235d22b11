# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.engines import process_share
from monai_medglip.errors import DataError


@pytest.fixture
def process(monkeypatch):
    """Makes this process one of several."""

    def be(rank, processes):
        monkeypatch.setattr("ignite.distributed.get_rank", lambda: rank)
        monkeypatch.setattr("ignite.distributed.get_world_size", lambda: processes)

    return be


@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_each_item_is_in_one_share_and_shares_differ_by_one_at_most(process, processes):
    shares = []
    for rank in range(processes):
        process(rank, processes)
        shares.append(process_share(list(range(7))))
    assert sorted(item for share in shares for item in share) == list(range(7))
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1


def test_more_processes_than_items_are_refused(process):
    process(0, 3)
    with pytest.raises(DataError, match="expected at least one image per process, got 2 for 3"):
        process_share(["a", "b"])
