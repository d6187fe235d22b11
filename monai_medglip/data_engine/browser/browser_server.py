# SPDX-License-Identifier: Apache-2.0
"""Serving the page to this machine alone, in the foreground or in a thread."""

from __future__ import annotations

import socket
import threading
import time

import uvicorn
from fastapi import FastAPI

from monai_medglip.errors import ConfigurationError

__all__ = ["BrowserServer"]

_HOST = "127.0.0.1"
_START_S = 30.0


class BrowserServer:
    """A server that only programs of this machine can reach.

    Args:
        app: what it serves.
        port: TCP port; 0 takes a free one.

    Raises:
        ConfigurationError: when the port is taken.
    """

    def __init__(self, app: FastAPI, port: int = 0) -> None:
        self._socket = socket.socket()
        try:
            self._socket.bind((_HOST, port))
            self._socket.listen()  # whoever asks before the server runs waits for it
        except OSError as error:
            self._socket.close()
            raise ConfigurationError(f"expected to serve at port {port}, the system says: {error}") from error
        config = uvicorn.Config(app, log_level="warning", server_header=False, ws="none")
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{_HOST}:{self._socket.getsockname()[1]}/"

    def run(self) -> None:
        """Serve until the process is interrupted."""
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> BrowserServer:
        """Serve in a thread, and wait until it answers."""
        self._thread = threading.Thread(target=self.run, name="browser", daemon=True)
        self._thread.start()
        end = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise ConfigurationError(f"expected to serve at {self.url}, the server did not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        """End it, and wait until it has ended."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
