# SPDX-License-Identifier: Apache-2.0
"""Runs that end badly, killed or on a full disk: the output folder stays empty."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time

import pytest

from tests.apps.deploy.conftest import APP

pytestmark = [pytest.mark.clinic, pytest.mark.slow]
BUNDLES = APP.parents[1] / "bundles"


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_ended_amid_its_series_leaves_nothing(deploy_python, write_film, tmp_path, by):
    for number in range(10, 40):
        study = write_film(f"1.2.3.{number}")
    scratch, out = tmp_path / "scratch", tmp_path / "out"
    scratch.mkdir()
    command = [deploy_python, str(APP), "-i", str(study), "-o", str(out), "-m", str(BUNDLES)]
    process = subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(scratch)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 280
    while not list(scratch.glob("medglip-results-*/*/outcome.json")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(by)
    assert process.wait(timeout=60) != 0
    assert list(out.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(deploy_python, write_film, tmp_path):
    unshare = shutil.which("unshare")
    own_mounts = [unshare or "unshare", "--map-root-user", "--mount"]
    if unshare is None or subprocess.run([*own_mounts, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a small disk of its own needs unshare and leave to make namespaces")
    study, out = write_film(), tmp_path / "out"
    out.mkdir()
    script = 'mount -t tmpfs -o size=16k none "$1" && shift && { "$@"; echo "status $?"; find "$OUT" -mindepth 1; }'
    command = [deploy_python, str(APP), "-i", str(study), "-o", str(out), "-m", str(BUNDLES)]
    process = subprocess.run(
        [*own_mounts, "sh", "-c", script, "sh", str(out), *command],
        env={**os.environ, "OUT": str(out)},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert process.stdout.splitlines()[-1] == "status 1"
    assert "No space left on device" in process.stderr.splitlines()[-1]
