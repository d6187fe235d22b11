# SPDX-License-Identifier: Apache-2.0
"""Turns a training run's TensorBoard log into a committed result file and a picture of its curves.

python benchmarks/training_curves.py --log RUN/eval --run-command "python -m monai.bundle run ..." \
    --out benchmarks/results/training_2d.json --picture docs/images/training_2d.png
"""

from __future__ import annotations

import argparse
import itertools
import shlex
import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from monai_medglip.atomic_file import atomic_file
from monai_medglip.evaluation import result_head, write_result

TERMS = ("alignment", "box", "quality", "dice", "mask", "projection", "presence", "modality")
POINTS = 100


def main() -> int:
    """Read the log and write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=Path, required=True, help="folder of the run's TensorBoard files")
    parser.add_argument("--run-command", required=True, help="the command that trained, as it should be quoted")
    parser.add_argument("--out", type=Path, required=True, help="result file (JSON)")
    parser.add_argument("--picture", type=Path, required=True, help="picture of the curves (PNG)")
    arguments = parser.parse_args()
    curves = read_curves(arguments.log)
    head = result_head(shlex.join(["python", *sys.argv]), bundle=None, data=None)
    write_result(arguments.out, head, {"run_command": arguments.run_command, **curves})
    with atomic_file(arguments.picture) as temporary:
        draw(curves).savefig(temporary, dpi=120)
    return 0


def read_curves(log: Path) -> dict[str, Any]:
    """Give mean losses over about `POINTS` stretches of the run, and the validation score of each epoch."""
    events = EventAccumulator(str(log), size_guidance={"scalars": 0, "images": 1})
    events.Reload()
    # a resumed run logs some iterations twice: the later entry counts
    logged = [term for term in TERMS if term in events.Tags()["scalars"]]
    series = {tag: {e.step: e.value for e in events.Scalars(tag)} for tag in ("loss", *logged, "grounding_score")}
    steps = sorted(series["loss"])
    stretch = max(len(steps) // POINTS, 1)
    parts = [steps[start : start + stretch] for start in range(0, len(steps), stretch)]
    return {
        "iterations": [part[-1] for part in parts],
        "losses": {tag: [_mean(series[tag], part) for part in parts] for tag in ("loss", *logged)},
        "validation": {str(epoch): score for epoch, score in sorted(series["grounding_score"].items())},
        "minutes": sum(_minutes(events.Scalars("loss"))),
    }


def _mean(values: dict[int, float], steps: list[int]) -> float | None:
    """The mean over some steps; None where a term was not logged yet, because the run was resumed with a new one."""
    found = [values[step] for step in steps if step in values]
    return sum(found) / len(found) if found else None


def _minutes(entries: list[Any]) -> list[float]:
    """Minutes between neighboring entries; pauses of over five minutes, where a run was stopped, are left out."""
    gaps = [(later.wall_time - earlier.wall_time) / 60 for earlier, later in itertools.pairwise(entries)]
    return [gap for gap in gaps if 0 < gap < 5]


def draw(curves: dict[str, Any]) -> Any:
    """Give a figure with the losses at the left and the validation score at the right."""
    figure, (losses, score) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    for tag in [tag for tag in TERMS if tag in curves["losses"]]:
        values = [float("nan") if value is None else value for value in curves["losses"][tag]]
        losses.plot(curves["iterations"], values, label=tag)
    losses.set(xlabel="iteration", ylabel="loss term, not weighted", yscale="log")
    losses.legend(ncols=2, fontsize=8)
    score.plot([int(epoch) for epoch in curves["validation"]], list(curves["validation"].values()), marker="o")
    score.set(xlabel="epoch", ylabel="grounding score on validation", ylim=(0, 1))
    for axes in (losses, score):
        axes.grid(alpha=0.3)
    return figure


if __name__ == "__main__":
    sys.exit(main())
