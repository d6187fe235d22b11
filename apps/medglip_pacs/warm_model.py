# SPDX-License-Identifier: Apache-2.0
"""The worker's end of the model's process: started once, asked series after series, replaced when it hangs or dies."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from apps.medglip_pacs.errors import LaterError, ModelDiedError, QuarantineError
from apps.medglip_pacs.settings import ModelSettings

__all__ = ["END_OF_SERIES", "ModelOutcome", "WarmModel"]

END_OF_SERIES = "end of series"
"""The line by which the model's process says that it has printed all that it had to say about a series."""

_LAST_WORDS_S = 5.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelOutcome:
    """What the model's process answered.

    Attributes:
        status: ``done``, ``refused`` or ``not selected``.
        reason: why it was not done; empty when it was.
        files: files of the result set.
    """

    status: str
    reason: str
    files: tuple[Path, ...]


class WarmModel:
    """A process with the model loaded; one series at a time.

    Args:
        settings: what is done with a series.
        timeout_s: longest time on one series [s].
        start_timeout_s: longest time to load the model [s].
    """

    def __init__(self, settings: ModelSettings, *, timeout_s: float, start_timeout_s: float = 600.0) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._start_timeout_s = start_timeout_s
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._all_logged = threading.Event()
        self._job: str | None = None
        self._facts: Mapping[str, str] = {}
        self._closing = False
        self.starts = 0

    @property
    def facts(self) -> Mapping[str, str]:
        """Name, version and checksum of the model; empty until it was loaded."""
        return self._facts

    def run(self, job: str, folder: Path, out: Path, *, hide: Iterable[str]) -> ModelOutcome:
        """Ground one series, waiting for the one before it.

        Args:
            job: name of the job, by which it can be aborted.
            folder: the series.
            out: folder for the result set.
            hide: values that identify the patient, kept out of logs and reasons.

        Raises:
            QuarantineError: when the work raised an error.
            ModelDiedError: when the process ended, took too long or was aborted.
            LaterError: when the disk is full or the model cannot be loaded.
        """
        with self._turn:
            process = self._started()
            self._job = job
            self._all_logged.clear()
            try:
                answer = self._ask(
                    process, {"folder": str(folder), "out": str(out), "hide": list(hide)}, self._timeout_s
                )
            finally:
                self._job = None
                # The caller knows what to keep out of the log only until we return.
                self._all_logged.wait(_LAST_WORDS_S)
        if "error" in answer:
            raise (LaterError if answer["later"] else QuarantineError)(answer["error"])
        return ModelOutcome(answer["status"], answer["reason"], tuple(map(Path, answer["files"])))

    def load(self) -> None:
        """Load the model now rather than with the first series.

        Raises:
            LaterError: when it cannot be loaded.
        """
        with self._turn:
            self._started()

    def abort(self, job: str) -> None:
        """End the process if it works on this job."""
        process = self._process
        if self._job == job and process is not None:
            process.kill()

    def close(self) -> None:
        """End the process; a series it works on is for later."""
        self._closing = True
        if self._process is not None:
            self._process.kill()
            _buried(self._process)

    def _started(self) -> subprocess.Popen[str]:
        """The running process; a new one when there is none, unless the worker is stopping."""
        if self._closing:
            raise LaterError("the worker is stopping")
        if self._process is not None and self._process.poll() is None:
            return self._process
        command = [sys.executable, "-m", "apps.medglip_pacs.model_process"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")
        self._process = process
        self.starts += 1
        self._all_logged = threading.Event()
        threading.Thread(target=_log_lines, args=(process, self._all_logged), name="model-log", daemon=True).start()
        try:
            answer = self._ask(process, dataclasses.asdict(self._settings), self._start_timeout_s)
        except ModelDiedError as error:
            raise LaterError(f"the model could not be loaded: {error}") from None
        self._facts = answer["model"]
        _logger.info("model loaded: %s", dict(self._facts))
        return process

    def _ask(self, process: subprocess.Popen[str], question: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send one line and wait for one line."""
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def end_it() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(timeout_s, end_it)
        timer.start()
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if line:
            return cast("dict[str, Any]", json.loads(line))
        status = _buried(process)
        if self._closing:
            raise LaterError("the worker is stopping")
        if late.is_set():
            raise ModelDiedError(f"no result within {timeout_s:g} s; the model's process was ended")
        raise ModelDiedError(f"the model's process ended while it worked (status {status})")


def _log_lines(process: subprocess.Popen[str], all_logged: threading.Event) -> None:
    """Bring what the process prints into the worker's log, where patients are kept out; tell the end of a series."""
    assert process.stderr is not None
    with process.stderr as lines:
        for line in lines:
            if line.rstrip() == END_OF_SERIES:
                all_logged.set()
            else:
                _logger.warning("model: %s", line.rstrip())
    all_logged.set()


def _buried(process: subprocess.Popen[str]) -> int:
    """Wait for the end of a process, close our ends of its pipes, and give its status."""
    status = process.wait()
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):  # what could not be written any more cannot be flushed
            if pipe is not None:
                pipe.close()
    return status
