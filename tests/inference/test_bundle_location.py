# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from monai_medglip.errors import ConfigurationError, MedGLIPError, WeightsError
from monai_medglip.inference import find_bundle
from monai_medglip.inference.bundle_location import BUNDLE_VARIABLE, SOURCES_VARIABLE, installed_bundle


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user who has nothing yet: no cache, no configuration, no variables."""
    home = tmp_path / "home"
    home.mkdir()
    for name in (BUNDLE_VARIABLE, SOURCES_VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    return home


def in_cache(home):
    return home / ".cache" / "monai_medglip" / "medglip_2d"


@pytest.fixture
def archive(random_bundle, tmp_path):
    """A zip of the bundle, as a site would put it on a server."""
    return zip_of(tmp_path / "medglip_2d.zip", random_bundle)


def zip_of(path, folder, name="medglip_2d", leave_out=()):
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder).as_posix()
            if file.is_file() and inside not in leave_out:
                packed.write(file, f"{name}/{inside}")
    return path


@pytest.fixture
def configure(home):
    """Writes the user's configuration."""

    def write(archive, *, sha256=None, url=None):
        path = home / ".config" / "monai_medglip" / "sources.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        sha256 = sha256 or hashlib.sha256(archive.read_bytes()).hexdigest()
        path.write_text(json.dumps({"medglip_2d": {"url": url or archive.as_uri(), "sha256": sha256}}))
        return path

    return write


def assert_nothing_installed(home):
    assert installed_bundle() is None
    cache = home / ".cache" / "monai_medglip"
    assert not cache.exists() or list(cache.iterdir()) == []


def test_with_nothing_at_hand_the_user_is_told_all_ways():
    ways = rf"the folder of a bundle, set {BUNDLE_VARIABLE} .* SHA-256 in .*sources\.json"
    with pytest.raises(WeightsError, match=ways):
        find_bundle()


def test_the_argument_comes_before_the_variable_before_the_cache(home, random_bundle, tmp_path, monkeypatch):
    cached = shutil.copytree(random_bundle, in_cache(home))
    assert find_bundle().path == cached
    named = shutil.copytree(random_bundle, tmp_path / "named")
    monkeypatch.setenv(BUNDLE_VARIABLE, str(named))
    assert find_bundle().path == named
    assert find_bundle(random_bundle).path == random_bundle


def test_a_bundle_of_the_project_is_found_by_its_name(home, random_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv(BUNDLE_VARIABLE, str(random_bundle))
    cached = shutil.copytree(random_bundle, in_cache(home).with_name("medglip_3d"))
    assert find_bundle("medglip_3d").path == cached


def test_a_folder_comes_before_a_name(random_bundle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(random_bundle, tmp_path / "medglip_3d")
    assert find_bundle("medglip_3d").path == Path("medglip_3d")


def test_the_cache_follows_the_users_setting(random_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    cached = shutil.copytree(random_bundle, tmp_path / "elsewhere" / "monai_medglip" / "medglip_2d")
    assert find_bundle().path == cached


def test_a_variable_that_names_no_bundle_is_an_error_and_not_passed_over(home, random_bundle, tmp_path, monkeypatch):
    shutil.copytree(random_bundle, in_cache(home))
    monkeypatch.setenv(BUNDLE_VARIABLE, str(tmp_path))
    with pytest.raises(WeightsError, match="expected a bundle folder"):
        find_bundle()


def test_a_configured_address_is_installed_once(home, archive, configure):
    configure(archive)
    assert installed_bundle() is None
    assert find_bundle().path == in_cache(home)
    archive.unlink()
    assert find_bundle().load_network("cpu") is not None
    assert [path.name for path in in_cache(home).parent.iterdir()] == ["medglip_2d"]


def test_the_configuration_may_lie_where_the_variable_says(home, archive, configure, tmp_path, monkeypatch):
    moved = configure(archive).rename(tmp_path / "mine.json")
    monkeypatch.setenv(SOURCES_VARIABLE, str(moved))
    assert find_bundle().path == in_cache(home)


def test_a_checksum_in_capitals_is_the_same(home, archive, configure):
    configure(archive, sha256=hashlib.sha256(archive.read_bytes()).hexdigest().upper())
    assert find_bundle().path == in_cache(home)


def test_half_a_bundle_in_the_cache_is_replaced(home, archive, configure):
    (in_cache(home) / "models").mkdir(parents=True)
    (in_cache(home) / "models" / "network.json").touch()
    configure(archive)
    assert find_bundle().load_network("cpu") is not None


def test_a_wrong_checksum_installs_nothing(home, archive, configure):
    configure(archive, sha256="0" * 64)
    with pytest.raises(WeightsError, match=rf"expected a bundle with SHA-256 {'0' * 64} .* nothing was installed"):
        find_bundle()
    assert_nothing_installed(home)


def test_a_download_that_fails_installs_nothing(home, archive, configure):
    configure(archive)
    archive.unlink()
    with pytest.raises(WeightsError, match="download failed"):
        find_bundle()
    assert_nothing_installed(home)


@pytest.mark.parametrize(
    "member",
    ["../evil.txt", "medglip_2d/../../evil.txt", "/evil.txt", "other/file.txt", "file.txt", "medglip_2dx/file.txt"],
)
def test_a_member_outside_the_bundle_installs_nothing(home, archive, configure, member):
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr(member, "escaped")
    configure(archive)
    with pytest.raises(WeightsError, match="everything under medglip_2d/"):
        find_bundle()
    assert_nothing_installed(home)
    assert not list(home.parent.rglob("evil.txt"))


@pytest.mark.parametrize(
    "missing",
    [
        "models/network.json",
        "models/model.pt",
        "models/operating_point.json",
        "configs/metadata.json",
        "configs/validated_phrases.json",
    ],
)
def test_a_zip_without_a_file_that_grounding_needs_installs_nothing(home, random_bundle, configure, tmp_path, missing):
    configure(zip_of(tmp_path / "part.zip", random_bundle, leave_out=(missing,)))
    with pytest.raises(WeightsError, match=missing):
        find_bundle()
    assert_nothing_installed(home)


def test_a_zip_of_another_bundle_installs_nothing(home, random_bundle, configure, tmp_path):
    configure(zip_of(tmp_path / "other.zip", random_bundle, name="medglip_3d"))
    with pytest.raises(WeightsError, match="everything under medglip_2d/"):
        find_bundle()
    assert_nothing_installed(home)


@pytest.mark.parametrize(
    "content", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)], ids=["nothing", "text", "empty zip"]
)
def test_what_is_no_bundle_zip_installs_nothing(home, configure, tmp_path, content):
    path = tmp_path / "bad.zip"
    path.write_bytes(content)
    configure(path)
    with pytest.raises(WeightsError, match="expected a bundle"):
        find_bundle()
    assert_nothing_installed(home)


@pytest.mark.parametrize(
    "url", ["http://example.org/a.zip", "ftp://example.org/a.zip", "medglip.zip", "", "https://[broken"]
)
def test_other_addresses_are_refused(home, archive, configure, url):
    path = configure(archive)
    path.write_text(json.dumps({"medglip_2d": {"url": url, "sha256": "0" * 64}}))
    with pytest.raises(ConfigurationError, match=r"URL|url"):
        find_bundle()
    assert_nothing_installed(home)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"medglip_2d": "https://example.org"}', '{"medglip_2d": {"url": 1}}']
)
def test_a_configuration_of_another_form_is_refused(archive, configure, content):
    configure(archive).write_text(content)
    with pytest.raises(ConfigurationError, match=r'expected {"medglip_2d": {"url": .*sources\.json'):
        find_bundle()


def test_a_cache_that_cannot_be_written_is_told(home, archive, configure):
    configure(archive)
    (home / ".cache").write_text("a file where the folder should be")
    with pytest.raises(MedGLIPError, match="expected to install the bundle medglip_2d"):
        find_bundle()
