# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from apps.medglip_pacs import __main__ as commands
from apps.medglip_pacs.site_secrets import PAGE_PASSWORD


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log as pytest captures it, signals and handlers left as they are."""
    monkeypatch.setattr(commands, "set_up_logging", lambda redactor: None)
    monkeypatch.setattr(commands.signal, "signal", lambda number, handler: None)
    monkeypatch.delenv(PAGE_PASSWORD, raising=False)
    return caplog


def _site(folder: Path, text: str = "orthanc: {url: 'http://127.0.0.1:1'}") -> str:
    (folder / "site.yaml").write_text(text)
    return str(folder / "site.yaml")


@pytest.mark.parametrize("command", ["check", "serve"])
def test_without_a_password_for_the_page_nothing_starts(
    tmp_path: Path, log: pytest.LogCaptureFixture, command: str
) -> None:
    assert commands.main([command, _site(tmp_path)]) == 1
    assert PAGE_PASSWORD in log.text


def test_a_password_that_can_be_guessed_is_refused(
    tmp_path: Path, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PAGE_PASSWORD, "word")
    assert commands.main(["serve", _site(tmp_path)]) == 1
    assert "at least 12 characters" in log.text


def test_check_says_that_orthanc_is_away(
    tmp_path: Path, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PAGE_PASSWORD, "a-long-password")
    assert commands.main(["check", _site(tmp_path)]) == 1
    assert "Orthanc does not answer" in log.text


def test_a_wrong_setting_is_told_in_a_line(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    assert commands.main(["check", _site(tmp_path, "worcer: a")]) == 1
    assert "did you mean worker?" in log.text


def test_an_unknown_command_is_a_mistake_of_usage() -> None:
    with pytest.raises(SystemExit) as stopped:
        commands.main(["fetch"])
    assert stopped.value.code == 2
