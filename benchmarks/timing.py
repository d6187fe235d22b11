# SPDX-License-Identifier: Apache-2.0
"""Seconds and memory of systems side by side: rounds in which each runs once, so that the machine's noise hits all."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from tqdm import tqdm

__all__ = ["Stages", "interleaved_seconds", "peak_memory_of", "peak_memory_of_this_process", "spread"]

Stages = Callable[[], dict[str, float]]
"""Runs a system once and gives the seconds that each of its stages took."""


def interleaved_seconds(
    systems: Mapping[str, Stages], *, rounds: int, warm_up: int = 3
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return what each stage of each system, and all its stages together, took.

    Args:
        systems: by name.
        rounds: how often each is measured.
        warm_up: rounds before that are not counted.

    Returns:
        ``{system: {stage: spread, ..., "total": spread}}``.
    """
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in systems}
    for number in tqdm(range(warm_up + rounds), desc="rounds", unit="round"):
        for name, run in systems.items():
            stages = run()
            if number >= warm_up:
                measured[name].append({**stages, "total": sum(stages.values())})
    return {name: {stage: spread([run[stage] for run in runs]) for stage in runs[0]} for name, runs in measured.items()}


def spread(seconds: list[float]) -> dict[str, Any]:
    """Return median and quartiles [s].

    Example:
        >>> spread([1.0, 2.0, 3.0])
        {'median_s': 2.0, 'quartiles_s': [1.5, 2.5], 'n': 3}
    """
    low, middle, high = (float(value) for value in np.percentile(seconds, (25, 50, 75)))
    return {"median_s": middle, "quartiles_s": [low, high], "n": len(seconds)}


def timed(stage: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a stage gives and the seconds that it took."""
    start = time.perf_counter()
    result = stage()
    return result, time.perf_counter() - start


def peak_memory_of(command: list[str]) -> float:
    """Return the peak memory [MiB] that a fresh Python process reports on the last line of its standard output.

    Args:
        command: the words after the interpreter.
    """
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    return float(done.stdout.strip().splitlines()[-1])


def peak_memory_of_this_process() -> float:
    """Return the largest resident size of this process so far [MiB]."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0 if sys.platform != "darwin" else 1024.0**2)
