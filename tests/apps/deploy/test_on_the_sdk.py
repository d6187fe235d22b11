# SPDX-License-Identifier: Apache-2.0
"""What the application is to the SDK, asked of the SDK itself in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.apps.deploy.conftest import APP

pytestmark = [pytest.mark.clinic, pytest.mark.slow]
SCRIPTS = Path(__file__).parent / "on_the_sdk"


def ask(python: str, script: str, *words: Path) -> dict[str, Any]:
    command = [python, str(SCRIPTS / script), *map(str, words)]
    variables = {**os.environ, "PYTHONPATH": str(APP)}
    process = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=280)
    assert process.returncode == 0, process.stderr
    answer: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def facts(deploy_python: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return ask(deploy_python, "application_facts.py", APP.parents[1] / "bundles", tmp_path_factory.mktemp("out"))


def test_it_is_an_application_of_the_release_that_the_requirements_pin(facts):
    pinned = re.search(r"^monai-deploy-app-sdk==(.*)$", (APP / "requirements.txt").read_text(), re.MULTILINE)
    assert pinned
    assert facts["sdk"] == pinned[1]
    assert facts["is_application"]
    assert facts["are_operators"]


def test_every_source_ends_after_one_round(facts):
    assert facts["sources"] == {"find": ["count_condition"]}


def test_what_one_operator_gives_is_what_the_next_one_takes(facts):
    order = facts["order"]
    assert order == ["find", "select", "ground", "hand_over"]
    for giver, taker in pairwise(order):
        assert facts["outputs"][giver] == facts["inputs"][taker]


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")  # the third series' UID is a path upward
def test_operators_work_alone_in_a_bare_fragment(deploy_python, write_film, tmp_path):
    write_film("1.2.3.77")
    write_film("1.2.3.78", Modality="OT")
    study = write_film("1.2.3.79", SeriesInstanceUID="../../1.2.3.79")
    answer = ask(deploy_python, "operators_alone.py", study, tmp_path)
    assert len(answer["found"]) == 3
    assert answer["outcomes"] == ["done", "done"]
    assert answer["counts"].pop("1.2.3.77") == "1"
    ((folder, count),) = answer["counts"].items()
    assert re.fullmatch("series-[0-9a-f]{16}", folder)
    assert count == "1"
