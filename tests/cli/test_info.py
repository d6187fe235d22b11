# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest

from monai_medglip import Ontology, __version__
from monai_medglip.cli.main import main
from tests.architecture.fresh_process import heavy_modules_after


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the environment nor the cache of whoever runs the tests names a bundle."""
    monkeypatch.delenv("MEDGLIP_BUNDLE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle folder of which only the facts matter, named by the environment."""
    folder = tmp_path / "toy"
    for name, text in [
        ("models/network.json", "{}"),
        ("models/model.pt", "abc"),
        ("configs/metadata.json", json.dumps({"version": "1.2.3", "weights_license": "research only"})),
    ]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("MEDGLIP_BUNDLE", str(folder))
    return folder


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


def test_without_a_bundle_it_says_how_to_name_one(capsys) -> None:
    main(["info"])
    assert "model           none found; set MEDGLIP_BUNDLE" in capsys.readouterr().out


def test_version_checksum_and_license_of_the_weights_are_shown(bundle: Path, facts: dict) -> None:
    assert facts["model"]["folder"] == str(bundle)
    assert facts["model"]["version"] == "1.2.3"
    assert facts["model"]["weights_license"] == "research only"
    assert facts["model"]["weights_sha256"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_bundle_that_is_none_is_an_error_with_its_folder(bundle: Path, capsys) -> None:
    (bundle / "models" / "network.json").unlink()
    assert main(["info"]) == 1
    assert str(bundle) in capsys.readouterr().err
