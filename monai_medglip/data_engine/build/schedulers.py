# SPDX-License-Identifier: Apache-2.0
"""Where units are worked on: here, in processes of this machine, or on a Dask cluster. Results come as they are ready.

A worker that dies takes its units with it, and they are given to another one; a unit is written whole or not at all, so
that doing one twice does no harm.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, TypeVar

from monai_medglip.errors import ConfigurationError, DataError

__all__ = ["DaskCluster", "InProcess", "LocalPool", "Scheduler", "scheduler_for"]

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

_WAITING_PER_WORKER = 3
"""Units that are sent ahead: enough that no worker waits, few enough that a long list is not held in memory."""
_MOST_DEATHS = 3
"""How often the pool may lose a process before the build gives up: then memory or a library is to blame."""


class Scheduler(Protocol):
    """Runs a function over tasks."""

    def run(self, function: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """Give the results in the order in which they are ready.

        Args:
            function: of a module, so that it can be sent to another process.
            tasks: taken as workers become free.
        """


class InProcess:
    """One after the other in this process."""

    def run(self, function: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """Give the results in the order of the tasks."""
        return map(function, tasks)


@dataclass(frozen=True)
class LocalPool:
    """Processes of this machine.

    Attributes:
        processes: how many.
    """

    processes: int

    def run(self, function: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """Give the results in the order in which they are ready.

        Raises:
            DataError: when processes die again and again.
        """
        rest, begun, deaths = iter(tasks), deque[_Task](), 0
        while True:
            running: dict[Future[_Result], _Task] = {}
            try:
                with ProcessPoolExecutor(self.processes, mp_context=multiprocessing.get_context("spawn")) as pool:
                    while begun or running or self._take(rest, begun):
                        while len(running) < self.processes * _WAITING_PER_WORKER and self._take(rest, begun):
                            running[pool.submit(function, begun[0])] = begun[0]
                            begun.popleft()
                        yield from _finished(running)
                return
            except BrokenProcessPool as error:
                deaths += 1
                if deaths > _MOST_DEATHS:
                    raise DataError(
                        f"expected processes that live, {deaths} died; is there memory for {self.processes} at once?"
                    ) from error
                begun.extendleft(reversed(running.values()))

    @staticmethod
    def _take(rest: Iterator[_Task], begun: deque[_Task]) -> bool:
        """Whether a task is at hand; the next one is taken from the rest when none is."""
        if not begun:
            begun.extend(islice(rest, 1))
        return bool(begun)


@dataclass(frozen=True)
class DaskCluster:
    """A Dask cluster; the package must be installed on its workers, which see the same folders.

    Attributes:
        address: of its scheduler, such as ``tcp://host:8786``.
    """

    address: str

    def run(self, function: Callable[[_Task], _Result], tasks: Iterable[_Task]) -> Iterator[_Result]:
        """Give the results in the order in which they are ready; Dask gives units of lost workers to others.

        Raises:
            ConfigurationError: when Dask is not installed, or the cluster does not answer.
        """
        try:
            from distributed import Client, as_completed
        except ImportError as error:
            raise ConfigurationError("expected Dask; pip install 'monai_medglip[data]'") from error
        try:
            client: Any = Client(self.address, timeout="20s")
        except OSError as error:
            raise ConfigurationError(f"expected a Dask scheduler at {self.address}, got: {error}") from error
        with client:
            waiting = iter(tasks)
            ahead = max(1, sum(client.nthreads().values())) * _WAITING_PER_WORKER
            done = as_completed([client.submit(function, task, pure=False) for task in islice(waiting, ahead)])
            for future in done:
                yield future.result()
                for task in islice(waiting, 1):
                    done.add(client.submit(function, task, pure=False))


def scheduler_for(processes: int, address: str | None) -> Scheduler:
    """Give the scheduler for a number of processes or a cluster's address.

    Raises:
        ConfigurationError: when both are asked for, or the number is below 1.
    """
    if processes < 1 or (address is not None and processes != 1):
        raise ConfigurationError(f"expected processes (1 or more) or a cluster, got {processes} and {address}")
    if address is not None:
        return DaskCluster(address)
    return InProcess() if processes == 1 else LocalPool(processes)


def _finished(running: dict[Future[_Result], _Task]) -> Iterator[_Result]:
    """Wait for at least one result, and give what is ready."""
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        result = future.result()
        del running[future]
        yield result
