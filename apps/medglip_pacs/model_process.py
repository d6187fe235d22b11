# SPDX-License-Identifier: Apache-2.0
"""The process that holds the model: reads jobs from standard input, a JSON object a line, and answers in the same form.

It is a process of its own so that it can be ended when a series takes too long, and so that a decoder that crashes
takes no more with it than one try at one series. It ends when the worker does, in the midst of a series too.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import queue
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

from apps.medglip_pacs.redaction import Redactor
from apps.medglip_pacs.series_work import SeriesWork, load_work
from apps.medglip_pacs.settings import ModelSettings
from apps.medglip_pacs.warm_model import END_OF_SERIES
from monai_medglip.errors import ConfigurationError, MedGLIPError, OutputError, WeightsError

__all__ = ["main"]

_KILL_ME_FIRST = "500"
_logger = logging.getLogger(__name__)


def main() -> None:
    """Load the model, say so, and work on what comes until the input ends."""
    answers = _keep_answers_apart()
    redactor = Redactor()
    handler = logging.StreamHandler()
    handler.addFilter(redactor)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    with contextlib.suppress(OSError):  # Linux: when memory runs out, this process goes before the worker
        Path("/proc/self/oom_score_adj").write_text(_KILL_ME_FIRST, encoding="ascii")
    jobs = _jobs(sys.stdin)
    settings = ModelSettings(**jobs.get())
    work = load_work(settings)
    _answer(answers, {"model": dict(work.model)})
    while True:
        answer = _work_on(jobs.get(), work, redactor)
        _end_log_of_series()
        _answer(answers, answer)


def _keep_answers_apart() -> TextIO:
    """Take standard output for answers alone; whatever else prints, prints to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _jobs(lines: TextIO) -> queue.SimpleQueue[dict[str, Any]]:
    """Read jobs in a thread, which ends the process when the worker is gone."""
    jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def read() -> None:
        for line in lines:
            jobs.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=read, name="jobs", daemon=True).start()
    return jobs


def _work_on(job: dict[str, Any], work: SeriesWork, redactor: Redactor) -> dict[str, Any]:
    """Ground one series; errors become answers, free of the patient."""
    with redactor.hiding(job["hide"]):
        try:
            outcome = work(Path(job["folder"]), Path(job["out"]))
        except Exception as error:  # any failure of one series is an answer, not the end of the process
            if not isinstance(error, MedGLIPError):
                _logger.exception("a series failed in a way that was not foreseen")
            return {"error": redactor.redact(f"{type(error).__name__}: {error}"), "later": _passes(error)}
        files = [str(path) for path in outcome.files]
        return {"status": outcome.status.value, "reason": redactor.redact(outcome.reason), "files": files}


def _end_log_of_series() -> None:
    """Let out what was printed, then say that this was all."""
    sys.stdout.flush()
    sys.stderr.write(f"{END_OF_SERIES}\n")
    sys.stderr.flush()


def _passes(error: BaseException) -> bool:
    """Whether an error is not the series' own: a full disk, a bundle or rule that is missing or damaged."""
    disk_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return disk_full or isinstance(error, (OutputError, ConfigurationError, WeightsError))


def _answer(answers: TextIO, content: dict[str, Any]) -> None:
    answers.write(json.dumps(content) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
