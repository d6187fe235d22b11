# SPDX-License-Identifier: Apache-2.0
"""Work on parts of an image in several threads, for what lets go of Python's lock: numpy's loops and some decoders."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["side_by_side"]

_MOST_THREADS = 4

Task = TypeVar("Task")


def side_by_side(work: Callable[[Task], None], tasks: Iterable[Task]) -> None:
    """Do work on each task, in as many threads as there are cores, at most four.

    Args:
        work: what is done; calls may come in any order and overlap.
        tasks: what it is called with.

    Raises:
        Exception: an error of the work; what has not begun then is dropped.
    """
    waiting = deque(tasks)

    def work_off() -> None:
        while True:
            try:
                task = waiting.popleft()
            except IndexError:
                return
            try:
                work(task)
            except BaseException:
                waiting.clear()
                raise

    workers = min(_MOST_THREADS, os.cpu_count() or 1, len(waiting))
    if workers <= 1:
        work_off()
        return
    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(work_off) for _ in range(workers)]:
            future.result()
