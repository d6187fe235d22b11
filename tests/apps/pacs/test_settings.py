# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from apps.medglip_pacs.settings import Settings, load_settings
from apps.medglip_pacs.site_secrets import PAGE_PASSWORD, secret
from monai_medglip.errors import ConfigurationError


def _load(folder: Path, text: str) -> Settings:
    (folder / "site.yaml").write_text(text)
    return load_settings(folder / "site.yaml")


def test_the_example_is_a_valid_file(repository: Path) -> None:
    settings = load_settings(repository / "apps" / "medglip_pacs" / "site.example.yaml")
    assert settings.destinations[0].name == "pacs"
    assert settings.limits == Settings().limits


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    assert _load(tmp_path, "") == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("limits: {job_timeout: 3}", "did you mean job_timeout_s"),
        ("limits: {job_timeout_s: fast}", "expected a number above 0"),
        ("limits: {job_timeout_s: -1}", "expected a number above 0"),
        ("limits: {disk_high_water: 1.5}", "a share above 0"),
        ("limits: {keep_days: 1}", "done twice"),
        ("series: {modalities: [CT, SR]}", "not of results"),
        ("series: {modalities: CT}", "expected a list"),
        ("destinations: [{name: a}, {name: a}]", "names that differ"),
        ("destinations: [{attempts: 3}]", "missing"),
        ("page: {port: true}", "whole number"),
        ("worker: 3", "expected str"),
        ("[1, 2]", "expected names and values"),
        ("a: [", "expected a YAML file"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        _load(tmp_path, text)


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("s3cret\n")
    assert secret(PAGE_PASSWORD, {PAGE_PASSWORD: "direct"}) == "direct"
    assert secret(PAGE_PASSWORD, {f"{PAGE_PASSWORD}_FILE": str(tmp_path / "word")}) == "s3cret"
    assert secret(PAGE_PASSWORD, {}) is None


def test_a_secret_given_twice_or_in_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    empty = {f"{PAGE_PASSWORD}_FILE": str(tmp_path / "empty")}
    with pytest.raises(ConfigurationError, match="empty"):
        secret(PAGE_PASSWORD, empty)
    with pytest.raises(ConfigurationError, match="both"):
        secret(PAGE_PASSWORD, {**empty, PAGE_PASSWORD: "direct"})
