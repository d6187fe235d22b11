# SPDX-License-Identifier: Apache-2.0
"""The package needs neither torchvision nor timm (some installations of them do not fit the installed torch)."""

from __future__ import annotations

from tests.architecture.fresh_process import run_python

HIDE = """
import importlib.machinery, warnings
finder = importlib.machinery.PathFinder
find = finder.find_spec
hidden = ("torchvision", "timm")
finder.find_spec = classmethod(lambda cls, name, *rest: None if name.split(".")[0] in hidden else find(name, *rest))
warnings.simplefilter("ignore")  # those of other libraries; ours are looked at elsewhere
"""

IMPORT_EVERYTHING = """
import importlib, pkgutil, monai_medglip
for found in pkgutil.walk_packages(monai_medglip.__path__, "monai_medglip."):
    importlib.import_module(found.name)
"""


def test_every_module_imports_without_torchvision_and_timm() -> None:
    process = run_python(HIDE + IMPORT_EVERYTHING)
    assert process.returncode == 0, process.stderr
