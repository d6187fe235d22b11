# SPDX-License-Identifier: Apache-2.0
"""OHIF beside an Orthanc of this machine: the viewer's files, its settings, and a door to DICOMweb for reading alone.

Viewer and images have one origin, so that no browser rule about foreign origins is in the way. OHIF itself is not part
of the project: its npm package ``@ohif/app`` holds a built one in the folder ``dist``.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.background import BackgroundTask

from apps.medglip_pacs.page_access import PageAccess
from monai_medglip.errors import ConfigurationError

__all__ = ["ViewerServer", "viewer_app"]

_START_S = 30.0
_IMAGES = "/dicom-web"
_HEADERS = {
    # Threads of decoders share memory, which browsers allow to isolated pages alone.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Nothing is loaded from elsewhere or sent there, whatever the viewer's script would like.
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_SETTINGS: dict[str, Any] = {
    "routerBasename": None,
    "extensions": [],
    "modes": [],
    "showStudyList": True,
    "maxNumberOfWebWorkers": 2,
    "showCPUFallbackMessage": False,
    "showWarningMessageForCrossOrigin": False,
    "strictZSpacingForVolumeViewport": False,
    # Reports and segmentations are shown without asking whether they should be.
    "disableConfirmationPrompts": True,
    "defaultDataSourceName": "orthanc",
    "dataSources": [
        {
            "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
            "sourceName": "orthanc",
            "configuration": {
                "friendlyName": "Orthanc",
                "name": "orthanc",
                "qidoRoot": _IMAGES,
                "wadoRoot": _IMAGES,
                "wadoUriRoot": _IMAGES,
                "qidoSupportsIncludeField": False,
                "supportsFuzzyMatching": False,
                "supportsWildcard": True,
                "imageRendering": "wadors",
                "thumbnailRendering": "wadors",
                "enableStudyLazyLoad": True,
                "omitQuotationForMultipartRequest": True,
                "singlepart": "bulkdata,video",
                "bulkDataURI": {"enabled": True, "relativeResolution": "studies"},
            },
        }
    ],
}


def viewer_app(dist: Path, *, orthanc: str, user: str, password: str, access: PageAccess) -> FastAPI:
    """Return the viewer as an ASGI application.

    Args:
        dist: folder of a built OHIF.
        orthanc: address of Orthanc's REST interface, which answers DICOMweb.
        user: of the REST interface.
        password: of that user.
        access: who may use the viewer.

    Raises:
        ConfigurationError: when the folder holds no OHIF.
    """
    if not (dist / "index.html").is_file():
        raise ConfigurationError(
            f"expected a built OHIF with index.html in {dist}; get one by: npm pack @ohif/app@3.13.2, unpack it and "
            "name its folder package/dist"
        )
    client = httpx.AsyncClient(base_url=orthanc, auth=(user, password), timeout=120, trust_env=False)

    @contextlib.asynccontextmanager
    async def closing(_: FastAPI) -> AsyncIterator[None]:
        async with client:
            yield

    app = FastAPI(title="medglip_pacs viewer", docs_url=None, redoc_url=None, openapi_url=None, lifespan=closing)

    @app.middleware("http")
    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        if access.is_user(request.headers.get("authorization")):
            response = await go_on(request)
        else:
            response = PlainTextResponse("user and password are needed\n", 401)
            response.headers["WWW-Authenticate"] = 'Basic realm="medglip_pacs"'
        response.headers.update(_HEADERS)
        return response

    @app.get("/app-config.js")
    def settings() -> Response:
        return Response(f"window.config = {json.dumps(_SETTINGS)};", media_type="text/javascript")

    @app.get(_IMAGES + "/{path:path}")
    async def images(path: str, request: Request) -> Response:
        # "..", also as %2e%2e, would lead from DICOMweb to the rest of Orthanc's interface
        if {".", ".."} & set(path.split("/")):
            return PlainTextResponse("not part of DICOMweb\n", 404)
        return await _passed_on(client, request)

    app.mount("/", _OnePage(directory=dist, html=True))
    return app


class ViewerServer:
    """Serves a viewer on this machine, in a thread.

    Args:
        app: the viewer.
        port: TCP port.
    """

    def __init__(self, app: FastAPI, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, server_header=False))
        self._thread = threading.Thread(target=self._server.run, name="viewer", daemon=True)

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            ConfigurationError: when it does not, as when the port is taken.
        """
        self._thread.start()
        end = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise ConfigurationError(f"expected to serve a viewer at {self.url}; is the port taken?")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self._server.should_exit = True
        self._thread.join()


class _OnePage(StaticFiles):
    """The files of a viewer whose script tells addresses apart: it is one page for all that are not a file's."""

    def lookup_path(self, path: str) -> tuple[str, Any]:
        found, status = super().lookup_path(path)
        return (found, status) if status or Path(path).suffix else super().lookup_path("index.html")


async def _passed_on(client: httpx.AsyncClient, request: Request) -> Response:
    """Ask Orthanc the same, and give its answer on while it comes."""
    # Orthanc writes addresses of large values with the host that it was asked by.
    headers = {
        "Accept": request.headers.get("accept", "*/*"),
        "Accept-Encoding": "identity",
        "Host": request.headers["host"],
    }
    address = httpx.URL(request.url.path, query=request.url.query.encode())
    try:
        answer = await client.send(client.build_request("GET", address, headers=headers), stream=True)
    except httpx.TransportError as error:
        return PlainTextResponse(f"Orthanc does not answer: {type(error).__name__}\n", 502)
    return StreamingResponse(
        answer.aiter_raw(),
        status_code=answer.status_code,
        media_type=answer.headers.get("content-type"),
        background=BackgroundTask(answer.aclose),
    )
