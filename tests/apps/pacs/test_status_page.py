# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone

import httpx
import pytest

from apps.medglip_pacs.durable_queue import JobEntry
from apps.medglip_pacs.page_access import PageAccess
from apps.medglip_pacs.status_page import status_page

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


class _Source:
    worker = "worker-1"

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.entries = [
            JobEntry("f1", False, "failed", "<script>alert(1)</script>", MOMENT, 2.5),
            JobEntry("r1", False, "running", "", MOMENT, None),
        ]

    def model(self) -> Mapping[str, str]:
        return {"medglip_3d": "1.0"}

    def orthanc_answers(self) -> bool:
        return True

    def counts(self) -> Mapping[str, int]:
        return {"failed": 1, "running": 1}

    def finished_since(self, moment: datetime) -> int:
        return 7

    def latest(self, count: int) -> list[JobEntry]:
        return self.entries

    def failures(self, count: int) -> list[JobEntry]:
        return self.entries[:1]

    def state(self, job: str) -> str | None:
        return next((entry.state for entry in self.entries if entry.job == job), None)

    def retry(self, job: str) -> None:
        self.done.append(("retry", job))

    def cancel(self, job: str) -> None:
        self.done.append(("cancel", job))

    def metrics(self) -> bytes:
        return b"medglip_pacs_up 1\n"


class _Browser:
    """Asks the page as a browser does, cookies kept."""

    def __init__(self, source: _Source) -> None:
        self._app = status_page(source, PageAccess("medglip", "right"), is_https=False)
        self.cookies: dict[str, str] = {}

    async def ask(self, method: str, path: str, *, password: str | None = "right", **how: object) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)
        auth = None if password is None else ("medglip", password)
        async with httpx.AsyncClient(transport=transport, base_url="http://page", cookies=self.cookies) as client:
            answer = await client.request(method, path, auth=auth, **how)  # type: ignore[arg-type]
        self.cookies.update(answer.cookies)
        return answer

    def get(self, path: str, **how: object) -> httpx.Response:
        import asyncio

        return asyncio.run(self.ask("GET", path, **how))  # type: ignore[arg-type]

    def post(self, path: str, **how: object) -> httpx.Response:
        import asyncio

        return asyncio.run(self.ask("POST", path, **how))  # type: ignore[arg-type]

    def token(self) -> str:
        found = re.search(r'name="token" value="(\w+)"', self.get("/").text)
        assert found
        return found[1]


@pytest.fixture
def source() -> _Source:
    return _Source()


@pytest.fixture
def browser(source: _Source) -> _Browser:
    return _Browser(source)


@pytest.mark.parametrize("path", ["/", "/metrics"])
@pytest.mark.parametrize("password", [None, "wrong", "right "])
def test_without_the_password_nothing_is_shown(browser: _Browser, path: str, password: str | None) -> None:
    answer = browser.get(path, password=password)
    assert answer.status_code == 401
    assert "failed" not in answer.text


def test_wrong_passwords_are_logged_with_the_address_and_without_the_password(
    browser: _Browser, caplog: pytest.LogCaptureFixture
) -> None:
    browser.get("/", password=None)
    browser.get("/", password="guess-1")
    assert [record.getMessage() for record in caplog.records if "status_page" in record.name] == [
        "wrong user or password for the status page, from 127.0.0.1"
    ]
    assert "guess-1" not in caplog.text


def test_health_needs_no_password_and_tells_nothing(browser: _Browser) -> None:
    assert browser.get("/health", password=None).text == "ok\n"


def test_the_page_shows_jobs_reasons_model_and_throughput_and_escapes_them(browser: _Browser) -> None:
    page = browser.get("/").text
    for word in ("worker-1", "medglip_3d: 1.0", "&lt;script&gt;", "2.5", "answers"):
        assert word in page
    assert "<script>" not in page


def test_the_page_forbids_scripts_and_frames(browser: _Browser) -> None:
    policy = browser.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_form_of_the_page_begins_a_failed_job_again(browser: _Browser, source: _Source) -> None:
    assert browser.post("/retry", data={"token": browser.token(), "job": "f1"}).status_code == 303
    assert source.done == [("retry", "f1")]


def test_a_form_of_the_page_cancels_a_running_job(browser: _Browser, source: _Source) -> None:
    assert browser.post("/cancel", data={"token": browser.token(), "job": "r1"}).status_code == 303
    assert source.done == [("cancel", "r1")]


def test_a_foreign_page_changes_nothing_though_the_browser_sends_the_password(
    browser: _Browser, source: _Source
) -> None:
    token = browser.token()
    foreign = {"Origin": "http://elsewhere"}
    assert browser.post("/retry", data={"token": token, "job": "f1"}, headers=foreign).status_code == 403
    assert browser.post("/retry", data={"token": "0" * 64, "job": "f1"}).status_code == 403
    browser.cookies.clear()
    assert browser.post("/retry", data={"token": token, "job": "f1"}).status_code == 403
    assert source.done == []


def test_a_change_needs_the_password(browser: _Browser, source: _Source) -> None:
    assert browser.post("/retry", data={"token": browser.token(), "job": "f1"}, password=None).status_code == 401
    assert source.done == []


@pytest.mark.parametrize(("path", "job"), [("/retry", "r1"), ("/cancel", "f1"), ("/retry", "unknown")])
def test_a_change_that_does_not_fit_the_state_is_refused(
    browser: _Browser, source: _Source, path: str, job: str
) -> None:
    assert browser.post(path, data={"token": browser.token(), "job": job}).status_code == 409
    assert source.done == []


def test_an_unknown_change_and_a_long_form_are_refused(browser: _Browser) -> None:
    assert browser.post("/delete", data={"token": browser.token(), "job": "f1"}).status_code == 404
    assert browser.post("/retry", data={"token": "x" * 9000}).status_code == 413
