# SPDX-License-Identifier: Apache-2.0
"""The files that a site starts from; they are read here, not run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path("apps") / "medglip_pacs"


@pytest.fixture
def services(repository: Path) -> dict[str, Any]:
    compose = yaml.safe_load((repository / FOLDER / "compose.yaml").read_text())
    return dict(compose["services"])


@pytest.mark.parametrize("name", ["orthanc", "worker"])
def test_each_service_is_locked_down_and_watched(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["user"].split(":")[0] not in ("0", "root")
    assert service["healthcheck"]["test"]


def test_passwords_come_from_files(services: dict[str, Any]) -> None:
    passwords = [name for name in services["worker"]["environment"] if "PASSWORD" in name]
    assert passwords
    assert all(name.endswith("_FILE") for name in passwords)
    (credentials,) = services["orthanc"]["secrets"]
    assert Path(credentials["target"]).parent == Path(services["orthanc"]["command"][0])


def test_the_rest_interface_of_orthanc_stays_inside(services: dict[str, Any]) -> None:
    assert services["orthanc"]["ports"] == ["4242:4242"]


def test_the_image_does_not_run_as_root_and_starts_the_worker(repository: Path) -> None:
    lines = (repository / FOLDER / "Dockerfile").read_text().splitlines()
    assert "USER 10001" in lines
    assert lines.index("USER 10001") > max(number for number, line in enumerate(lines) if line.startswith("RUN"))
    assert 'CMD ["serve", "/etc/medglip/site.yaml"]' in lines


def test_everything_that_the_image_copies_is_there(repository: Path) -> None:
    lines = (repository / FOLDER / "Dockerfile").read_text().splitlines()
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]
    assert all((repository / word).exists() for word in copied)
