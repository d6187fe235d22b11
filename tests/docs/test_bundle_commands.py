# SPDX-License-Identifier: Apache-2.0
"""The commands that pages give for MONAI bundles name files, keys and modules that exist."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "bundles" / "medglip_2d"
# the page, and the folder that its commands are given in
PAGES = {ROOT / "docs" / "how-to" / f"{name}.md": ROOT for name in ("use-the-bundle", "train")}
PAGES |= {page: page.parents[1] for page in ROOT.glob("bundles/medglip_*/docs/README.md")}
COMMANDS = [
    (folder, command)
    for page, folder in PAGES.items()
    for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for command in block.splitlines()
    if "monai.bundle" in command or "monai_medglip" in command
]
RUNS = [(folder, command) for folder, command in COMMANDS if " monai.bundle run " in command]


def options(command: str) -> dict[str, str]:
    """What a command gives for each ``--key``."""
    words = shlex.split(command)
    start = words.index("run") + 1
    assert len(words[start:]) % 2 == 0, "every key has one value"
    return {key.removeprefix("--"): value for key, value in zip(words[start::2], words[start + 1 :: 2], strict=True)}


def configuration(folder: Path, files: str) -> dict[str, Any]:
    """The merged content of one configuration, or of a list of them."""
    paths = ast.literal_eval(files) if files.startswith("[") else [files]
    contents = [json.loads((folder / path).read_text(encoding="utf-8")) for path in paths]
    return {key: value for content in contents for key, value in content.items()}


def test_pages_give_a_command_for_every_configuration():
    files = " ".join(command for _, command in RUNS)
    names = ("train", "evaluate", "inference", "multi_gpu_train", "multi_gpu_evaluate")
    assert all(f"configs/{name}.json" in files for name in names)


@pytest.mark.parametrize(("folder", "command"), RUNS, ids=[command for _, command in RUNS])
def test_every_key_that_a_command_changes_is_in_its_configuration(folder, command):
    given = options(command)
    found = configuration(folder, given.pop("config_file"))
    for key in given:
        *path, last = key.split("#")
        section = found
        for part in path:
            section = section[part]
        # the last part of a path may be an argument that the configuration leaves at its default
        assert last in section or (path and "_target_" in section)


@pytest.mark.parametrize("command", [command for _, command in COMMANDS if command.startswith("python -m ")])
def test_every_module_that_a_command_runs_exists(command):
    assert importlib.util.find_spec(shlex.split(command)[2]) is not None


def test_inner_keys_that_pages_name_exist():
    train = configuration(BUNDLE, "configs/train.json")
    named = {key for page in PAGES for key in re.findall(r"`--([a-z_]+(?:#\w+)+) ", page.read_text(encoding="utf-8"))}
    assert named
    for key in named:
        section = train
        for part in key.split("#")[:-1]:
            section = section[part]
        assert "_target_" in section
