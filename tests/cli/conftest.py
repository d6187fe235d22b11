# SPDX-License-Identifier: Apache-2.0
"""A bundle with a small network and random weights, and its `Grounder`, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

import monai_medglip.inference
from tests.bundles.conftest import write_tiny_bundle


@pytest.fixture(scope="session")
def tiny_bundle(repository: Path, tiny_text_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose network runs in milliseconds; nobody changes it."""
    target = tmp_path_factory.mktemp("cli") / "medglip_2d"
    return write_tiny_bundle(target, repository / "bundles" / "medglip_2d", tiny_text_encoder)


@pytest.fixture(scope="session")
def loaded_grounder(tiny_bundle: Path) -> monai_medglip.inference.Grounder:
    return monai_medglip.inference.Grounder(tiny_bundle, device="cpu")


@pytest.fixture
def tiny_grounder(loaded_grounder, monkeypatch: pytest.MonkeyPatch) -> monai_medglip.inference.Grounder:
    """Every verb gets the loaded model instead of loading one."""
    monkeypatch.setattr(monai_medglip.inference, "Grounder", lambda *arguments, **options: loaded_grounder)
    return loaded_grounder
