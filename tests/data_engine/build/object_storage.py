# SPDX-License-Identifier: Apache-2.0
"""A server on this machine that speaks S3 (moto), with a door before it that can say 503."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

_UNAVAILABLE = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your rate.</Message></Error>"


class ObjectStorage:
    """A running server.

    Attributes:
        address: where it listens.
        refused: requests for paths with this in them are answered by 503; None refuses nothing, "" everything.
        refusals: how many were.
    """

    def __init__(self) -> None:
        self.refused: str | None = None
        self.refusals = 0
        self._storage = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=MotoRequestHandler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _answer(self, request: dict[str, Any], start: Any) -> Iterable[bytes]:
        if self.refused is None or self.refused not in request["PATH_INFO"]:
            answered: Iterable[bytes] = self._storage(request, start)
            return answered
        self.refusals += 1
        start("503 Slow Down", [("Content-Length", str(len(_UNAVAILABLE))), ("Content-Type", "application/xml")])
        return [b""] if request["REQUEST_METHOD"] == "HEAD" else [_UNAVAILABLE]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
