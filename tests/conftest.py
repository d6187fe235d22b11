# SPDX-License-Identifier: Apache-2.0
"""Fixtures that more than one test file needs."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of small real data beside the checkout; tests that need it are skipped where it is absent."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("shared data set not beside the checkout")
    return folder


@pytest.fixture(scope="session")
def shared_data(shared: Path) -> Path:
    """The ``data`` folder of the small real data sets."""
    return shared / "data"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def tiny_text_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face folder with a text encoder of one layer and random weights."""
    from tests.tiny_networks import write_text_encoder

    return write_text_encoder(tmp_path_factory.mktemp("text_encoder"))
