# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse
from collections.abc import Callable

import pytest

from monai_medglip.cli import info
from monai_medglip.cli.main import VERBS, main
from monai_medglip.errors import ImageReadError
from tests.architecture.fresh_process import heavy_modules_after

HELP = "from monai_medglip.cli.main import main\ntry: main({words})\nexcept SystemExit as end: assert end.code == 0"


@pytest.fixture
def info_that(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception | KeyboardInterrupt], None]:
    """Make the verb ``info`` end with an exception."""

    def replace(error: Exception | KeyboardInterrupt) -> None:
        def run(arguments: argparse.Namespace) -> int:
            raise error

        monkeypatch.setattr(info, "run", run)

    return replace


@pytest.mark.parametrize("words", [["--help"], *([verb, "--help"] for verb in VERBS)], ids=" ".join)
def test_help_loads_no_heavy_library(words: list[str]) -> None:
    assert heavy_modules_after(HELP.format(words=words)) == set()


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    first_words = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert [verb for verb in VERBS if verb not in first_words] == []


def test_an_error_of_ours_is_a_message_and_status_1(info_that, capsys) -> None:
    info_that(ImageReadError("expected an image, found zero bytes"))
    assert main(["info"]) == 1
    assert capsys.readouterr().err == "medglip info: expected an image, found zero bytes\n"


def test_an_interrupt_is_status_130(info_that, capsys) -> None:
    info_that(KeyboardInterrupt())
    assert main(["info"]) == 130
    assert capsys.readouterr().err == "medglip info: interrupted\n"


def test_a_mistake_in_the_code_is_not_hidden(info_that) -> None:
    info_that(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["info"])


@pytest.mark.parametrize("words", [[], ["fly"], ["info", "--fast"]])
def test_wrong_usage_is_status_2(words: list[str], capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(words)
    assert "usage: medglip" in capsys.readouterr().err
