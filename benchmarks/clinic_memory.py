# SPDX-License-Identifier: Apache-2.0
"""Resident memory of a worker, its model's process and its reading child, sampled while they work; Linux."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clinic_site import ClinicSite

__all__ = ["MemoryOfWorker"]

_EVERY_S = 2.0
_MIB = 2**20
_MODEL, _READING = "apps.medglip_pacs.model_process", "guarded_child"


class MemoryOfWorker:
    """Samples memory in a thread of its own while the block runs.

    Args:
        site: with its worker started.
    """

    def __init__(self, site: ClinicSite) -> None:
        assert site.worker is not None
        self._worker = site.worker.pid
        self._samples: list[tuple[float, dict[str, float]]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> MemoryOfWorker:
        """Begin to sample."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Sample no more."""
        self._stop.set()
        self._thread.join()

    def summary(self) -> dict[str, Any]:
        """Return memory by process [MiB]: medians of the first, middle and last tenth, the peak, and the slope.

        The slope [MiB per minute] is that of a straight line through the second half.
        """
        times = np.array([when for when, _ in self._samples])
        return {name: _course(times, np.array([now[name] for _, now in self._samples])) for name in self._samples[0][1]}

    def _run(self) -> None:
        while True:
            self._samples.append((time.monotonic(), self._now()))
            if self._stop.wait(_EVERY_S):
                return

    def _now(self) -> dict[str, float]:
        found: defaultdict[str, float] = defaultdict(float, worker=_resident(self._worker), model=0.0, reading=0.0)
        for child, words in _children(self._worker):
            if _MODEL not in words:
                continue
            found["model"] += _resident(child)
            found["reading"] += sum(_resident(reader) for reader, words in _children(child) if _READING in words)
        return {**found, "together": sum(found.values())}


def _course(times: np.ndarray, sizes: np.ndarray) -> dict[str, float]:
    tenth, half = max(1, len(sizes) // 10), len(sizes) // 2
    middle = slice(half - tenth // 2, half - tenth // 2 + tenth)
    slope = float(np.polyfit((times[half:] - times[half]) / 60, sizes[half:], 1)[0]) if len(sizes) > half + 1 else 0.0
    return {
        "start": float(np.median(sizes[:tenth])),
        "middle": float(np.median(sizes[middle])),
        "end": float(np.median(sizes[-tenth:])),
        "peak": float(sizes.max()),
        "slope_of_second_half_per_minute": slope,
    }


def _resident(process: int) -> float:
    """Resident size of a process [MiB], 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def _children(process: int) -> list[tuple[int, str]]:
    """The processes that a process has started, with their command lines."""
    found = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            pids = [int(word) for word in task.read_text(encoding="ascii").split()]
            found += [(pid, Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")) for pid in pids]
        except OSError:
            continue
    return found
