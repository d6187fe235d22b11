# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.metadata
import json

import pytest

from monai_medglip import Ontology, __version__
from monai_medglip.cli.main import main
from tests.architecture.fresh_process import heavy_modules_after


@pytest.fixture
def facts(capsys: pytest.CaptureFixture[str]) -> dict:
    """What ``medglip info --json`` prints."""
    assert main(["info", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_it_loads_no_heavy_library() -> None:
    assert heavy_modules_after("from monai_medglip.cli.main import main\nmain(['info'])") == set()


def test_versions_are_those_installed(facts: dict) -> None:
    assert facts["version"] == __version__
    assert facts["libraries"]["torch"] == importlib.metadata.version("torch")


def test_concepts_are_those_of_the_ontology(facts: dict) -> None:
    assert facts["concepts"] == len(list(Ontology.default())) > 0


def test_a_library_that_is_not_installed_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr("monai_medglip.cli.info._LIBRARIES", ("no-such-library",))
    main(["info"])
    assert "no-such-library  not installed" in capsys.readouterr().out
