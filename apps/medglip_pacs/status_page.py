# SPDX-License-Identifier: Apache-2.0
"""The status page: queue, jobs, failures with reasons, throughput, model; retry and cancel."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from apps.medglip_pacs.durable_queue import JobEntry
from apps.medglip_pacs.page_access import PageAccess

__all__ = ["PageSource", "status_page"]

_logger = logging.getLogger(__name__)
_FOLDER = Path(__file__).parent / "page"
_SHOWN = 40
_LONGEST_FORM = 4096
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class PageSource(Protocol):
    """What the page shows and does."""

    worker: str

    def model(self) -> Mapping[str, str]:
        """Facts about the loaded model."""

    def orthanc_answers(self) -> bool:
        """Whether Orthanc answered the last time it was asked."""

    def counts(self) -> Mapping[str, int]:
        """Jobs by state."""

    def finished_since(self, moment: datetime) -> int:
        """Series finished since a moment."""

    def latest(self, count: int) -> list[JobEntry]:
        """The jobs queued last."""

    def failures(self, count: int) -> list[JobEntry]:
        """The jobs that failed last."""

    def state(self, job: str) -> str | None:
        """State of a job."""

    def retry(self, job: str) -> None:
        """Begin a job again."""

    def cancel(self, job: str) -> None:
        """Stop a job."""

    def metrics(self) -> bytes:
        """Figures in Prometheus' text form."""


def status_page(source: PageSource, access: PageAccess, *, is_https: bool) -> FastAPI:
    """Return the page as an ASGI application.

    Args:
        source: what it shows and does.
        access: who may use it.
        is_https: whether it is served by TLS, so that its cookie can be bound to that.
    """
    app = FastAPI(title="medglip_pacs", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/style", StaticFiles(directory=_FOLDER / "style"), name="style")
    routes = _Routes(source, access, is_https=is_https)
    user = [Depends(routes.check_user)]
    app.middleware("http")(_add_headers)
    app.get("/health")(routes.health)
    app.get("/metrics", dependencies=user)(routes.metrics)
    app.get("/", dependencies=user)(routes.page)
    app.post("/{action}", dependencies=user)(routes.change)
    return app


class _Routes:
    """What each address answers."""

    def __init__(self, source: PageSource, access: PageAccess, *, is_https: bool) -> None:
        self._source = source
        self._access = access
        self._is_https = is_https
        template = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
        self._template = template.get_template("status.html")
        self._changes = {
            "retry": (source.retry, ("failed", "cancelled")),
            "cancel": (source.cancel, ("queued", "running")),
        }

    def check_user(self, request: Request) -> None:
        given = request.headers.get("authorization")
        if not self._access.is_user(given):
            if given is not None:  # a browser's first request has none
                _logger.warning("wrong user or password for the status page, from %s", _address(request))
            raise HTTPException(401, "user and password are needed", {"WWW-Authenticate": 'Basic realm="medglip_pacs"'})

    def health(self) -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    def metrics(self) -> Response:
        return Response(self._source.metrics(), media_type="text/plain; version=0.0.4")

    def page(self, request: Request) -> HTMLResponse:
        cookie = request.cookies.get(self._access.cookie) or self._access.new_cookie()
        response = HTMLResponse(self._template.render(_content(self._source), token=self._access.token(cookie)))
        response.set_cookie(self._access.cookie, cookie, httponly=True, samesite="strict", secure=self._is_https)
        return response

    async def change(self, action: str, request: Request) -> RedirectResponse:
        if action not in self._changes:
            raise HTTPException(404, f"expected one of {', '.join(self._changes)}")
        form = await _form(request)
        cookie, headers = request.cookies.get(self._access.cookie), request.headers
        origin, host = headers.get("origin"), headers.get("host")
        if not self._access.is_own_form(cookie, form.get("token"), origin=origin, host=host):
            raise HTTPException(403, "this change was not sent from a form of this page; load the page again")
        await run_in_threadpool(self._do, action, form.get("job", ""))
        return RedirectResponse("/", 303)

    def _do(self, action: str, job: str) -> None:
        do, states = self._changes[action]
        if self._source.state(job) not in states:
            raise HTTPException(409, f"expected a job that is {' or '.join(states)}; load the page again")
        do(job)


def _address(request: Request) -> str:
    return "an unknown address" if request.client is None else request.client.host


async def _add_headers(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """Forbid scripts, frames, foreign resources and stored copies."""
    response = await go_on(request)
    response.headers.update(_HEADERS)
    return response


def _content(source: PageSource) -> dict[str, Any]:
    """What the template shows."""
    now = datetime.now(timezone.utc)
    return {
        "now": now,
        "worker": source.worker,
        "model": source.model(),
        "orthanc_answers": source.orthanc_answers(),
        "counts": source.counts(),
        "last_hour": source.finished_since(now - timedelta(hours=1)),
        "last_day": source.finished_since(now - timedelta(days=1)),
        "latest": source.latest(_SHOWN),
        "failures": source.failures(_SHOWN),
    }


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small form."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            raise HTTPException(413, "the form is too long")
    fields = parse_qs(body.decode("ascii", errors="replace"), max_num_fields=8)
    return {name: values[-1] for name, values in fields.items()}
