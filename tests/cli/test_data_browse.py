# SPDX-License-Identifier: Apache-2.0
"""The command as a person runs it: a process that prints its address, answers, and ends with Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from monai_medglip.cli.main import main
from monai_medglip.data_engine.quality import Finding, Stage
from monai_medglip.data_engine.quality.finding_file import read_findings, write_findings
from monai_medglip.errors import DataError
from tests.phantoms import PhantomFolder, blocks

for module in ("pyarrow", "duckdb", "fastapi", "uvicorn"):
    pytest.importorskip(module, reason=f"{module} is in the extra 'data'")

FOUND = Finding(Stage.REGIONS, "region extent", "made", "1", "a speck", region=0)


@pytest.fixture
def folder(tmp_path):
    made = PhantomFolder(tmp_path, [{"value": 1, "label": "heart"}])
    made.add_labelmap("1", blocks((40, 30), (1, (slice(0, 9), slice(0, 9)))))
    write_findings(tmp_path / "findings.json", [FOUND])
    return tmp_path


@pytest.mark.slow
def test_it_serves_until_it_is_interrupted(folder) -> None:
    words = ["data", "browse", str(folder), "--findings", str(folder / "findings.json")]
    command = [sys.executable, "-m", "monai_medglip.cli.main", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split(" ")[0]
            assert url.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(f"{url}records?check=region+extent", timeout=30) as answer:
                assert [row["id"] for row in json.load(answer)["records"]] == ["1"]
        finally:
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "ended" in said
    assert "Traceback" not in said


def test_findings_come_back_as_they_were_written(folder) -> None:
    assert read_findings(folder / "findings.json") == (FOUND,)


@pytest.mark.parametrize("text", ["no JSON", "{}x", '[{"check": "a"}]', '[{"stage": "nowhere"}]', "[1]"])
def test_a_file_without_findings_is_refused(folder, text, capsys) -> None:
    (folder / "other.json").write_text(text)
    with pytest.raises(DataError, match="expected findings as 'medglip data check --json FILE' writes them"):
        read_findings(folder / "other.json")
    assert main(["data", "browse", str(folder), "--findings", str(folder / "other.json")]) == 1
    assert "other.json" in capsys.readouterr().err
