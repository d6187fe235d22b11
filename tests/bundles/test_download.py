# SPDX-License-Identifier: Apache-2.0
"""From the zip that ``make bundles`` writes to answers, as a MONAI user does it: in an empty folder, in new processes.

The network and the weights are the committed ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from monai_medglip import Grounder
from monai_medglip.errors import WeightsError
from monai_medglip.grounding import read_json
from monai_medglip.inference import Bundle
from monai_medglip.inference.bundle_stamp import checksums
from tests.bundles.conftest import dimensions, write_image

pytestmark = pytest.mark.slow

LOAD = """
import sys, torch
from monai.bundle import load
network = load(sys.argv[1], bundle_dir="bundles", workflow_type="inference", device="cpu")
saved = torch.load(f"bundles/{sys.argv[1]}/models/model.pt", weights_only=True)
state = network.state_dict()
assert state.keys() == saved.keys() and all(torch.equal(state[key], saved[key]) for key in saved)
print(len(saved), "equal")
"""


@pytest.fixture(scope="module")
def archive(bundle: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle's zip."""
    script, out = str(repository / ".ci" / "zip_bundle.py"), str(tmp_path_factory.mktemp("dist"))
    words = [script, str(bundle), "--text-encoder", str(repository / "bundles" / "text_encoder"), "--out", out]
    return Path(subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True).stdout.strip())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder that the user works in."""
    return tmp_path_factory.mktemp("home")


def python(home: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own, in that folder."""
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)


def download(home: Path, name: str, archive: Path) -> subprocess.CompletedProcess[str]:
    """MONAI's download of an archive into the folder ``bundles``."""
    words = ["--name", name, "--url", archive.as_uri(), "--bundle_dir", "bundles"]
    return python(home, "-m", "monai.bundle", "download", *words)


@pytest.fixture(scope="module")
def downloaded(bundle: Path, archive: Path, home: Path) -> Path:
    process = download(home, bundle.name, archive)
    assert process.returncode == 0, process.stderr
    return home / "bundles" / bundle.name


def test_the_download_holds_real_files_and_the_weights_that_were_stamped(downloaded, metadata):
    assert not [path for path in downloaded.rglob("*") if path.is_symlink()]
    found = checksums(downloaded)
    assert found == {key: metadata[key] for key in found}
    assert set(found) == {"weights_sha256", "text_encoder_sha256"}


def test_it_answers(downloaded, home):
    shape = (96, 80, 64)[: dimensions(downloaded)]
    image = write_image(home / "noise", np.random.default_rng(0).integers(0, 255, shape))
    config = f"bundles/{downloaded.name}/configs/inference.json"
    words = ["--dataset_dir", image.name, "--prompt", "['heart']", "--output_dir", "answers"]
    process = python(home, "-m", "monai.bundle", "run", "--config_file", config, *words)
    assert process.returncode == 0, process.stdout[-2000:] + process.stderr[-4000:]
    answer = read_json(home / "answers" / "noise.json")
    assert [phrase.text for phrase in answer.phrases] == ["heart"]
    assert answer.provenance["model"] == downloaded.name


def test_it_loads_with_every_weight_equal(downloaded, home):
    process = python(home, "-c", LOAD, downloaded.name)
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1].endswith("equal")


def test_a_truncated_archive_leaves_no_bundle(bundle, archive, tmp_path):
    half = tmp_path / archive.name
    half.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    (tmp_path / "home").mkdir()
    process = download(tmp_path / "home", bundle.name, half)
    assert process.returncode != 0
    assert "BadZipFile" in process.stderr
    assert not (tmp_path / "home" / "bundles" / bundle.name).exists()


def test_a_download_that_was_killed_while_it_unpacked_is_refused_in_words(bundle, archive, tmp_path):
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)
    weights = tmp_path / bundle.name / "models" / "model.pt"
    weights.write_bytes(weights.read_bytes()[:100_000])
    with pytest.raises(WeightsError, match="damaged or of another version, download the bundle again"):
        Grounder(tmp_path / bundle.name)
    config = tmp_path / bundle.name / "configs" / "inference.json"
    process = python(tmp_path, "-m", "monai.bundle", "run", "--config_file", config, "--output_dir", tmp_path / "out")
    assert process.returncode != 0
    assert "download the bundle again" in process.stderr
    assert not (tmp_path / "out").exists()
    weights.unlink()
    with pytest.raises(WeightsError, match="found no such file; download the bundle again"):
        Grounder(tmp_path / bundle.name)
    shutil.rmtree(tmp_path / bundle.name / "models")
    with pytest.raises(WeightsError, match="expected a bundle folder"):
        Grounder(tmp_path / bundle.name)


FIND = "import sys; from monai_medglip.inference import find_bundle; print(find_bundle(sys.argv[1]).path)"


def test_a_download_of_our_own_that_is_killed_installs_nothing_and_can_be_repeated(bundle, archive, tmp_path):
    pipe, sources, cached = tmp_path / "slow.zip", tmp_path / "sources.json", tmp_path / "monai_medglip" / bundle.name
    checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
    os.mkfifo(pipe)
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "MEDGLIP_SOURCES": str(sources)}
    command = [sys.executable, "-c", FIND, bundle.name]

    sources.write_text(json.dumps({bundle.name: {"url": pipe.as_uri(), "sha256": checksum}}), encoding="utf-8")
    held = os.open(pipe, os.O_RDWR)  # so that nobody waits for the other side
    os.write(held, archive.read_bytes()[:60_000])
    with subprocess.Popen(command, env=environment) as process:
        while process.poll() is None and not list(cached.parent.glob("*/bundle.zip")):
            time.sleep(0.1)
        assert process.returncode is None
        process.kill()
    os.close(held)
    assert not cached.exists()

    sources.write_text(json.dumps({bundle.name: {"url": archive.as_uri(), "sha256": checksum}}), encoding="utf-8")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(cached)
    Bundle(cached).check_weights()
