# SPDX-License-Identifier: Apache-2.0
"""The page and its answers as an ASGI application: images by number only, nothing from elsewhere, only reading."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from monai_medglip.data_engine.browser.open_images import OpenImages
from monai_medglip.data_engine.browser.record_list import RecordFilter, RecordList
from monai_medglip.data_engine.data_tables import DataTables
from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.quality.finding import Finding
from monai_medglip.errors import MedGLIPError
from monai_medglip.grounding.colors import PHRASE_COLORS, Color, text_color_on
from monai_medglip.ontology import Ontology
from monai_medglip.visualize.page_template import page_template

if TYPE_CHECKING:
    import jinja2

__all__ = ["LOCAL_HOSTS", "browser_app"]

LOCAL_HOSTS = ("127.0.0.1", "localhost")
"""Names by which the page may be asked for: a foreign name that was made to point to this machine is refused."""

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Images of patients do not belong into the browser's files.
    "Cache-Control": "no-store",
}
_LAST_PAGE = 10**9

Answer = TypeVar("Answer")


def browser_app(
    data: GroundingData,
    tables: DataTables,
    *,
    title: str,
    findings: Sequence[Finding] = (),
    ontology: Ontology | None = None,
) -> FastAPI:
    """Return the page to look at a collection as an ASGI application.

    Args:
        data: the images.
        tables: the same as tables, see `data_tables`.
        title: of the page.
        findings: what was found in them besides what the tables say.
        ontology: the concepts; the package's own when None.

    Raises:
        DataError: when the findings are those of other images.
    """
    ontology = ontology or Ontology.default()
    routes = _Routes(RecordList(tables, findings, ontology), OpenImages(data, ontology), title)
    app = FastAPI(title=title, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(LOCAL_HOSTS))
    app.middleware("http")(_add_headers)
    app.exception_handler(MedGLIPError)(_tell_problem)
    app.get("/")(routes.page)
    app.get("/favicon.ico", status_code=204)(lambda: Response(status_code=204))
    app.get("/browser.css")(routes.style)
    app.get("/browser.js")(routes.script)
    app.get("/records")(routes.records)
    app.get("/records/{number}")(routes.record)
    app.get("/records/{number}/phrases")(routes.phrases)
    app.get("/records/{number}/thumbnail")(routes.thumbnail)
    app.get("/records/{number}/picture")(routes.picture)
    app.get("/records/{number}/shapes")(routes.shapes)
    return app


class _Routes:
    """What each address answers; one question at a time, as neither tables nor open images are made for more."""

    def __init__(self, records: RecordList, images: OpenImages, title: str) -> None:
        self._records = records
        self._images = images
        self._title = title
        self._choices = records.choices()
        self._lock = threading.Lock()

    def page(self) -> HTMLResponse:
        colors = [{"fill": _css(color), "text": _css(text_color_on(color))} for color in PHRASE_COLORS]
        page = _template("browser.html").render(title=self._title, choices=self._choices, colors=colors)
        return HTMLResponse(page)

    def style(self) -> Response:
        return Response(_template("browser.css").render(), media_type="text/css")

    def script(self) -> Response:
        return Response(_template("browser.js").render(), media_type="text/javascript")

    def records(
        self,
        concept: str | None = None,
        source: str | None = None,
        modality: str | None = None,
        split: str | None = None,
        check: str | None = None,
        page: Annotated[int, Query(ge=0, le=_LAST_PAGE)] = 0,
    ) -> JSONResponse:
        chosen = RecordFilter(concept or None, source or None, modality or None, split or None, check or None)
        return JSONResponse(self._asked(lambda: self._records.page(chosen, page)))

    def record(self, number: int) -> JSONResponse:
        facts = self._asked(lambda: self._images.facts(number))
        findings = [{**vars(one), "stage": one.stage.value} for one in self._records.findings(number)]
        return JSONResponse({**facts, "findings": findings})

    def phrases(self, number: int) -> JSONResponse:
        return JSONResponse(self._asked(lambda: list(self._images.phrases(number))))

    def thumbnail(self, number: int) -> Response:
        return Response(self._asked(lambda: self._images.thumbnail(number)), media_type="image/jpeg")

    def picture(self, number: int, across: int = 0, index: int = 0) -> Response:
        picture = self._asked(lambda: self._images.image(number).picture(across, index))
        return Response(picture, media_type="image/png")

    def shapes(self, number: int, across: int = 0, index: int = 0) -> JSONResponse:
        shapes = self._asked(lambda: self._images.image(number).shapes(across, index))
        return JSONResponse([asdict(shape) for shape in shapes])

    def _asked(self, question: Callable[[], Answer]) -> Answer:
        with self._lock:
            return question()


def _template(name: str) -> jinja2.Template:
    return page_template(name, "monai_medglip.data_engine.browser")


def _css(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


async def _add_headers(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """Forbid foreign resources, frames and stored copies."""
    response = await go_on(request)
    response.headers.update(_HEADERS)
    return response


def _tell_problem(_: Request, problem: Exception) -> JSONResponse:
    """Tell what is wrong with an image or a question in words."""
    return JSONResponse({"problem": str(problem)}, status_code=422)
