# SPDX-License-Identifier: Apache-2.0
"""What the SDK's packager and a site's Dockerfile expect of the application's folder; tested without the SDK."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest
import yaml

from monai_medglip import __version__
from tests.apps.deploy.conftest import APP

SETTINGS = yaml.safe_load((APP / "app.yaml").read_text(encoding="utf-8"))


def test_app_yaml_has_what_the_packager_asks_for():
    application, resources = SETTINGS["application"], SETTINGS["resources"]
    assert set(application) >= {"title", "version", "inputFormats", "outputFormats"}
    assert application["version"] == __version__
    assert application["inputFormats"] == application["outputFormats"] == ["file"]
    assert isinstance(resources["cpu"], int)
    assert isinstance(resources["gpu"], int)
    for key in ("memory", "gpuMemory"):
        assert re.fullmatch(r"\d+(Mi|Gi)", resources[key])


def test_the_requirements_pin_the_sdk_and_this_package():
    text = (APP / "requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert "monai-deploy-app-sdk==4.0.0" in lines
    assert f"monai-medglip[dicom]=={__version__}" in lines
    assert not [line for line in lines if line.startswith("pylibjpeg-libjpeg")]  # GPL-3: the site's choice


def test_the_dockerfile_lays_out_a_monai_application_package():
    text = (APP / "Dockerfile").read_text(encoding="utf-8")
    for place in ("opt/holoscan/app", "opt/holoscan/models", "var/holoscan/app.yaml"):
        assert place in text
    for name in ("INPUT_PATH", "OUTPUT_PATH", "MODEL_PATH", "WORKDIR", "CONFIG_PATH", "APPLICATION"):
        assert f"HOLOSCAN_{name}=" in text
    assert text.index("USER holoscan") < text.index("ENTRYPOINT")


def test_sources_have_a_count_condition_without_which_they_run_for_ever():
    tree = ast.parse((APP / "grounding_app.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    (source,) = [call for call in calls if call.func.id == "FindSeriesOperator"]
    assert ast.unparse(source.args[1]) == "CountCondition(self, 1)"


@pytest.mark.parametrize("port", ["dicom_study_list", "study_selected_series_list"])
def test_ports_are_called_as_the_sdk_calls_them(port):
    assert f'"{port}"' in (APP / "operators.py").read_text(encoding="utf-8")


def test_help_needs_neither_the_sdk_nor_torch():
    process = subprocess.run([sys.executable, str(APP), "--help"], capture_output=True, text=True, check=False)
    assert process.returncode == 0
    assert "--phrase" in process.stdout
