# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

FILES = {
    "medglip_toy/configs/metadata.json": '{"version": "1.2.3"}',
    "medglip_toy/models/model.pt": "weights",
    "medglip_toy/models/checkpoint_epoch=3.pt": "a run that was stopped",
    "medglip_toy/eval/made_by_a_run.txt": "x",
    "text_encoder/config.json": "{}",
}


@pytest.fixture
def archive(tmp_path: Path, repository: Path) -> Path:
    """The zip of a toy bundle, in a folder of its own."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "medglip_toy/models/text_encoder").symlink_to(tmp_path / "text_encoder")
    script = str(repository / ".ci" / "zip_bundle.py")
    words = [sys.executable, script, "medglip_toy", "--text-encoder", "text_encoder", "--out", "dist"]
    printed = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    return tmp_path / printed.strip()


def test_the_archive_bears_name_and_version(archive: Path) -> None:
    assert archive.name == "medglip_toy_v1.2.3.zip"


def test_it_holds_bundle_and_text_encoder_under_one_folder_and_no_leavings(archive: Path) -> None:
    assert zipfile.ZipFile(archive).namelist() == [
        "medglip_toy/configs/metadata.json",
        "medglip_toy/models/model.pt",
        "medglip_toy/models/text_encoder/config.json",
    ]


def test_its_files_can_be_read_when_they_are_unpacked(archive: Path) -> None:
    assert {member.external_attr >> 16 for member in zipfile.ZipFile(archive).infolist()} == {0o644}
