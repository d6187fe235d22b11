# SPDX-License-Identifier: Apache-2.0
"""One of several training processes that read a set of shards: ``RANK WORLD RENDEZVOUS SHARDS TAKEN KIND``.

Prints, as the first process, what each process drew, gathered by gloo.
"""

from __future__ import annotations

import json
import sys

import torch.distributed as dist
from torch.utils.data import DataLoader

from monai_medglip.data_engine import grounding_items
from monai_medglip.data_engine.store import GroundingShards
from monai_medglip.data_engine.store.balanced_sampler import BalancedSampler
from monai_medglip.data_engine.store.epoch_order import DrawnImages, EpochOrder
from monai_medglip.data_engine.store.grounding_stream import GroundingStream
from monai_medglip.data_engine.store.resumable_loader import ResumableLoader


def read(rank: int, world: int, shards_path: str, taken: int, kind: str) -> list[list[str]]:
    """Read the pixels of the batches of one epoch that follow ``taken``, with two workers."""
    shards = GroundingShards(shards_path)
    items = grounding_items(shards)
    images = DrawnImages.of(items.records, shards=shards.shards_of(items.records))
    order = EpochOrder(images, batch_size=2, processes=world, balanced=False, drop_last=False, seed=3)
    if kind == "stream":
        stream = GroundingStream(items, order, process=rank, transform=Named(shards))
        loader = DataLoader(stream, batch_size=None, num_workers=2, collate_fn=list)
    else:
        named = [*map(Named(shards), items)]
        loader = DataLoader(named, batch_sampler=BalancedSampler(order, process=rank), num_workers=2, collate_fn=list)
    resumable = ResumableLoader(loader)
    resumable.load_state_dict({"epoch": 0, "batch": taken})
    return list(resumable)


class Named:
    """Reads an item's pixels and gives the image's name."""

    def __init__(self, shards: GroundingShards) -> None:
        self.shards = shards

    def __call__(self, item: dict) -> str:
        """Read and name."""
        self.shards.read(item["record"])
        return item["record"].id


if __name__ == "__main__":
    rank, world, rendezvous, shards_path, taken, kind = sys.argv[1:]
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=int(rank), world_size=int(world))
    drawn: list[list[list[str]] | None] = [None] * int(world)
    dist.all_gather_object(drawn, read(int(rank), int(world), shards_path, int(taken), kind))
    if rank == "0":
        sys.stdout.write(json.dumps(drawn) + "\n")
    dist.destroy_process_group()
