# SPDX-License-Identifier: Apache-2.0
"""A proxy that adds TLS in front of a port of this machine, as a site's web server would in front of Orthanc."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def tls_proxy(port: int, behind: int, tls: ssl.SSLContext) -> Iterator[None]:
    """Serve a port by TLS and pass on what comes, in a thread, as long as the block runs."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", behind)
        await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))

    async def serve() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", port, ssl=tls):
            ready.set()
            await stop.wait()

    loop, stop, ready = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    ready.wait(timeout=10)
    yield
    loop.call_soon_threadsafe(stop.set)
    thread.join(timeout=10)
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
    writer.close()
