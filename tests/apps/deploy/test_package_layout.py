# SPDX-License-Identifier: Apache-2.0
"""The layout of a MONAI Application Package, laid out by the Dockerfile's own lines in a folder and run from there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.apps.deploy.conftest import APP

pytestmark = [pytest.mark.clinic, pytest.mark.slow]
CHECKOUT = APP.parents[1]
LINES = re.sub(r"\\\n", " ", (APP / "Dockerfile").read_text(encoding="utf-8")).splitlines()


def lay_out(root: Path) -> None:
    """Copy what the COPY lines copy that do not only serve the installation, with the default of each ARG."""
    defaults = dict(line.removeprefix("ARG ").split("=") for line in LINES if line.startswith("ARG "))
    for line in LINES:
        if line.startswith("COPY ") and "/build/" not in line:
            source, target = line.split()[1:]
            source = re.sub(r"\$\{(\w+)\}", lambda name: defaults[name[1]], source)
            place = root / target.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if (CHECKOUT / source).is_dir():
                shutil.copytree(CHECKOUT / source, place, symlinks=True)
            else:
                shutil.copy(CHECKOUT / source, place)


def environment(root: Path) -> dict[str, str]:
    """What the ENV lines set, with paths below another root."""
    pairs = (word.partition("=")[::2] for line in LINES if line.startswith("ENV ") for word in line.split()[1:])
    return {name: f"{root}{value}" if value.startswith("/") else value for name, value in pairs}


def test_the_package_runs_from_its_layout_and_its_environment_alone(deploy_python, write_film, tmp_path):
    lay_out(tmp_path)
    variables = environment(tmp_path)
    study = Path(variables["HOLOSCAN_INPUT_PATH"])
    shutil.copytree(write_film(), study)
    assert Path(variables["HOLOSCAN_CONFIG_PATH"]).is_file()
    process = subprocess.run(
        [deploy_python, variables["HOLOSCAN_APPLICATION"]],
        env={**os.environ, **variables},
        cwd=variables["HOLOSCAN_WORKDIR"],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert process.returncode == 0, process.stderr
    assert (Path(variables["HOLOSCAN_OUTPUT_PATH"]) / "1.2.3.77" / "report.dcm").is_file()
