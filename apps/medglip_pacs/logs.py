# SPDX-License-Identifier: Apache-2.0
"""The worker's log: to standard error, each record through the redactor."""

from __future__ import annotations

import logging
import sys

from apps.medglip_pacs.errors import QuarantineError
from apps.medglip_pacs.redaction import Redactor

__all__ = ["set_up_logging"]


def set_up_logging(redactor: Redactor) -> None:
    """Send all records to standard error, free of patients; uvicorn's and httpx' lines per request are left out."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(redactor)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("dbos").addFilter(_is_news)
    for chatty in ("httpx", "httpcore", "uvicorn.access", "dbos"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out DBOS' tracebacks of jobs that failed as they should; the queue has told of them in a line."""
    return not (record.exc_info and isinstance(record.exc_info[1], QuarantineError))
