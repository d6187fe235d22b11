# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib
import json

import pytest

from tests.architecture.api_surface import RECORD, current_surface

RECORDED = json.loads(RECORD.read_text(encoding="utf-8"))


def test_public_names_are_those_on_record() -> None:
    assert current_surface() == RECORDED, "meant? then run: python -m tests.architecture.api_surface"


@pytest.mark.parametrize("package", sorted(RECORDED))
def test_every_public_name_can_be_loaded(package: str) -> None:
    module = importlib.import_module(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
