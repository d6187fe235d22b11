# SPDX-License-Identifier: Apache-2.0
"""Trains as the bundle's configuration says, on small data, in a process that may kill itself.

``python -m tests.engines.killed_run CONFIG FOLDER RUN[:ITERATION] ...`` trains each RUN in turn, from its last
checkpoint if there is one. At the given ITERATION the process gets SIGKILL. FOLDER holds ``data`` and ``text_encoder``;
a run writes its losses, exactly, to ``RUN/losses.txt`` as they come.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import torch
from ignite.engine import Events
from monai.bundle import ConfigParser

from tests.tiny_networks import CANVAS, tiny_network

SETTINGS = {
    "device": "$torch.device('cpu')",
    "canvas": [CANVAS, CANVAS],
    "batch_size": 2,
    "epoch_length": 3,
    "max_epochs": 3,
    "val_interval": 2,
    "warmup_steps": 2,
    "source_factors": {},
}


def train(config: Path, folder: Path, run: str, kill_at: int) -> None:
    parser = ConfigParser()
    parser.read_config(config)
    parser.update(SETTINGS)
    places = {"bundle_root": folder / run, "ckpt_dir": folder / run, "output_dir": folder / run / "eval"}
    parser.update({key: str(place) for key, place in places.items()} | {"dataset_dir": str(folder / "data")})
    parser["network_def"] = tiny_network(folder / "text_encoder")
    parser.get_parsed_content("initialize")
    trainer = parser.get_parsed_content("train#trainer")
    losses = (folder / run / "losses.txt").open("a")

    @trainer.on(Events.ITERATION_COMPLETED)
    def record(engine) -> None:
        losses.write(f"{engine.state.iteration} {engine.state.output['loss'].item().hex()}\n")
        losses.flush()
        if engine.state.iteration == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    parser.get_parsed_content("run")


if __name__ == "__main__":
    torch.set_num_threads(1)
    config, folder, *runs = sys.argv[1:]
    for run, _, iteration in (word.partition(":") for word in runs):
        Path(folder, run).mkdir(exist_ok=True)
        train(Path(config), Path(folder), run, int(iteration or 0))
