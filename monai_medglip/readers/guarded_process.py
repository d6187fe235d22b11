# SPDX-License-Identifier: Apache-2.0
"""Starting, asking and ending the child process that reads; what it reads is `guarded_child`'s matter."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

from monai_medglip.errors import ConfigurationError
from monai_medglip.readers.guarded_limits import ReadLimits
from monai_medglip.readers.guarded_messages import receive_message, send_message

__all__ = ["ProcessEndedError", "ReadingProcess"]

_START_SECONDS = 120.0
_PACKAGE_FOLDER = Path(__file__).resolve().parents[2]
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")  # nothing else: settings of a service hold passwords
_VARIABLES = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",  # each arena reserves address space
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_START = "import sys; sys.path[:] = {paths!r}; from {module} import serve; serve({descriptor})"


class ProcessEndedError(Exception):
    """The process ended, or was ended, instead of answering.

    Args:
        signal_number: what ended it, None when it ended by itself or was too late.
        late: whether it was ended here, because the time was over.
    """

    def __init__(self, signal_number: int | None = None, *, late: bool = False) -> None:
        super().__init__(signal_number, late)
        self.signal_number = signal_number
        self.late = late


class ReadingProcess:
    """A fresh interpreter that reads images one after the other; it is starting when this object exists.

    It is no fork, since a process whose libraries have threads cannot be forked safely. It sees neither the
    environment's variables nor the files that are open here. It ends with `end`, or when this object is collected.

    Args:
        limits: what it holds itself to.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self._channel, other_end = socket.socketpair()
        with other_end:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _start_code(other_end.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={**{name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}, **_VARIABLES},
                pass_fds=(other_end.fileno(),),
                start_new_session=True,
            )
        self._finalizer = weakref.finalize(self, _end, self._process, self._channel)
        self._ready = False
        with contextlib.suppress(OSError):
            send_message(self._channel, limits.to_dict())

    @property
    def process_id(self) -> int:
        """The system's number of the process."""
        return self._process.pid

    def ask(self, request: dict[str, Any], memory: int, *, seconds: float) -> Any:
        """Send a request and wait for the answer.

        Args:
            request: JSON values.
            memory: descriptor that goes with it.
            seconds: how long the answer may take [s], once the process is warm.

        Returns:
            The answer, JSON values of a process that is not trusted.

        Raises:
            ProcessEndedError: when there is none; the process is ended then.
            ConfigurationError: when the process does not start.
        """
        self._wait_until_ready()
        with contextlib.suppress(OSError):
            send_message(self._channel, request, [memory])
        return self._receive(seconds)

    def end(self) -> None:
        """End the process, whatever it does, and wait until it is gone."""
        self._finalizer()

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        try:
            self._receive(_START_SECONDS)
        except ProcessEndedError as error:
            raise ConfigurationError(
                f"expected a process for reading that starts within {_START_SECONDS:.0f} s, it did not (ended with "
                f"{self._process.returncode}); is monai_medglip importable by {sys.executable}, and is there memory?"
            ) from error
        self._ready = True

    def _receive(self, seconds: float) -> Any:
        try:
            received = receive_message(self._channel, seconds=seconds)
        except TimeoutError:
            self.end()
            raise ProcessEndedError(late=True) from None
        except (OSError, ValueError):
            received = None
        if received is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0)  # it may be ending: its own reason is wanted, not the kill
            code = self._process.poll()
            self.end()
            raise ProcessEndedError(-code if code is not None and code < 0 else None)
        return received[0]


def _start_code(descriptor: int) -> str:
    paths = list(dict.fromkeys([str(_PACKAGE_FOLDER), *(path for path in sys.path if path)]))
    return _START.format(paths=paths, module="monai_medglip.readers.guarded_child", descriptor=descriptor)


def _end(process: subprocess.Popen[bytes], channel: socket.socket) -> None:
    channel.close()
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.wait()
