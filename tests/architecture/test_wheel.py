# SPDX-License-Identifier: Apache-2.0
"""The wheel works where the checkout is not: it holds the tables and schemas, and its command runs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from monai_medglip import __version__
from monai_medglip.data_engine import GroundingFolder
from monai_medglip.geometry import paired_iou

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
def installed(wheel: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean virtual environment outside the checkout with the wheel and what it asks for, and nothing else."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pins = ["-c", str(repository / "constraints.txt")] if sys.version_info >= (3, 11) else []
    for what in ("torch", str(wheel)):  # torch first, so that the build which pip is set up to find is kept
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *pins, what]
        process = subprocess.run(pip, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stdout + process.stderr
    return folder


def _run(installed: Path, *words: str, **variables: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MEDGLIP"))}
    words = (str(installed / "bin" / words[0]), *words[1:])
    process = subprocess.run(
        words, cwd=installed, env={**environment, **variables}, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def configured_url(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment variables with an empty cache and the URL and checksum of a zipped bundle."""
    out = tmp_path_factory.mktemp("release")
    zip_bundle = [sys.executable, str(repository / ".ci" / "zip_bundle.py"), str(repository / "bundles" / "medglip_2d")]
    zip_bundle += ["--text-encoder", str(repository / "bundles" / "text_encoder"), "--out", str(out)]
    subprocess.run(zip_bundle, check=True, capture_output=True)
    archive = next(out.glob("*.zip"))
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    sources = out / "sources.json"
    sources.write_text(json.dumps({"medglip_2d": {"url": archive.as_uri(), "sha256": sha256}}))
    return {"MEDGLIP_SOURCES": str(sources), "XDG_CACHE_HOME": str(out / "cache")}


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


def test_it_fetches_the_weights_by_their_url_and_grounds_an_image(
    installed: Path, configured_url: dict[str, str], repository: Path
) -> None:
    record = next(r for r in GroundingFolder(repository / "examples").records() if r.source == "hc18")
    truth = GroundingFolder(repository / "examples").regions(record)[0].box
    program = (
        "import sys, json; from monai_medglip import Grounder; found = Grounder().ground(sys.argv[1], 'fetal head'); "
        "print(json.dumps([found.status[0].value, found[0].box.tolist()]))"
    )
    answer = _run(installed, "python", "-c", program, str(record.image), **configured_url)
    status, box = json.loads(answer.strip().splitlines()[-1])
    assert status == "found"
    assert float(paired_iou(torch.tensor(box), torch.tensor(truth, dtype=torch.float64))) > 0.5
