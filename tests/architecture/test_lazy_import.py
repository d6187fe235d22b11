# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib

import pytest

import monai_medglip
from tests.architecture.fresh_process import heavy_modules_after

LIGHT_SUBPACKAGES = [
    "geometry",
    "imaging",
    "ontology",
    "phrases",
    "grounding",
    "cli",
    "readers",
    "visualize",
    "inference",
]


def test_the_watch_sees_a_heavy_library_when_there_is_one() -> None:
    assert "torch" in heavy_modules_after("import torch")


def test_bare_import_loads_no_heavy_library_and_emits_no_warning() -> None:
    assert heavy_modules_after("import monai_medglip") == set()


@pytest.mark.parametrize("name", LIGHT_SUBPACKAGES)
def test_light_subpackages_load_no_heavy_library(name: str) -> None:
    assert heavy_modules_after(f"import monai_medglip.{name}") == set()


@pytest.mark.parametrize("name", [name for name in monai_medglip.__all__ if name != "__version__"])
def test_public_names_are_the_objects_of_the_modules_that_define_them(name: str) -> None:
    loaded = getattr(monai_medglip, name)
    assert getattr(importlib.import_module(loaded.__module__), name) is loaded


def test_dir_lists_exactly_the_public_names() -> None:
    assert dir(monai_medglip) == sorted(monai_medglip.__all__)


def test_an_unknown_name_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'Ground'; it has Boxes, .*Grounder"):
        monai_medglip.Ground  # noqa: B018
