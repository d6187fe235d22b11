# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the test's own, from Debian's package; its programs refuse to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apps.pacs.running_site import free_port

_PASSWORD = "queue-secret-for-tests"
_SERVICE_USER = "postgres"


class PostgreSql:
    """A server with one database for the queue.

    Args:
        programs: folder of ``initdb`` and ``pg_ctl``.
        folder: for its data, which the user that it runs as can write.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder, self._port = programs, folder, free_port()
        secret = folder / "password"
        secret.write_text(_PASSWORD)
        secret.chmod(0o644)  # in a folder that other users cannot enter
        self._run("initdb", "--username=medglip", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync")
        self.control("start")

    @property
    def url(self) -> str:
        """Of the queue's database, which the queue makes itself."""
        return f"postgresql://medglip:{_PASSWORD}@127.0.0.1:{self._port}/queue"

    def control(self, word: str, mode: str = "fast") -> None:
        """Start, stop or restart the server; the mode ``immediate`` leaves it to recover as after a crash."""
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = f"--log={self._folder / 'server.log'}"
        self._run(
            "pg_ctl", word, "--wait", f"--options={options}", log, *([] if word == "start" else [f"--mode={mode}"])
        )

    def _run(self, program: str, *words: str) -> None:
        as_another = ["runuser", "-u", _SERVICE_USER, "--"] if os.geteuid() == 0 else []
        command = [*as_another, str(self._programs / program), f"--pgdata={self._folder / 'data'}", *words]
        # Not captured by pipes: the server that pg_ctl leaves behind would hold them open.
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)


@pytest.fixture
def postgresql() -> Iterator[PostgreSql]:
    """A running server, gone after the test."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    # pytest's own folders are closed to the user that the server runs as
    folder = Path(tempfile.mkdtemp(prefix="medglip_queue_"))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam(_SERVICE_USER).pw_uid, -1)
    server = PostgreSql(programs[-1].parent, folder)
    yield server
    server.control("stop", mode="immediate")
    shutil.rmtree(folder)
