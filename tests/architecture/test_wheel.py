# SPDX-License-Identifier: Apache-2.0
"""The wheel works where the checkout is not: it holds the tables and schemas, and its command runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from monai_medglip import __version__

pytestmark = pytest.mark.slow
SOURCES = ["setup.cfg", "pyproject.toml", "README.md", "LICENSE", "monai_medglip"]


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, so that nothing is left in the checkout."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source = repository / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(copy)]
    process = subprocess.run(build, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stdout + process.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it; other libraries are found in the running environment."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    return folder


def _run(installed: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
    words = (str(installed / "bin" / words[0]), *words[1:])
    process = subprocess.run(words, cwd=installed, env=environment, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_every_table_schema_and_template_of_the_package_is_in_the_wheel(wheel: Path, repository: Path) -> None:
    package = repository / "monai_medglip"
    readable = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.relative_to(repository).as_posix() for path in readable} <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_nothing_but_the_package_and_its_metadata(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"monai_medglip", f"monai_medglip-{__version__}.dist-info"}


def test_the_installed_package_is_the_one_of_the_wheel(installed: Path) -> None:
    where = _run(installed, "python", "-c", "import monai_medglip; print(monai_medglip.__file__)")
    assert Path(where.strip()).is_relative_to(installed)


def test_its_command_reads_the_tables_of_the_wheel(installed: Path) -> None:
    facts = json.loads(_run(installed, "medglip", "info", "--json"))
    assert facts["version"] == __version__
    assert facts["concepts"] > 0
