# SPDX-License-Identifier: Apache-2.0
"""Where a bundle is: argument, environment, cache, or a configured URL whose checksum must be right.

The configuration is a JSON file ``{"medglip_2d": {"url": ..., "sha256": ...}}``, named by the environment variable
``MEDGLIP_SOURCES`` or lying at ``~/.config/monai_medglip/sources.json``. URLs may be ``https`` or ``file``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

from monai_medglip.errors import ConfigurationError, OutputError, WeightsError
from monai_medglip.inference.bundle import Bundle

__all__ = ["BUNDLE_NAMES", "BUNDLE_VARIABLE", "SOURCES_VARIABLE", "find_bundle", "installed_bundle"]

BUNDLE_NAMES = ("medglip_2d", "medglip_3d")
"""The bundles of the project: for 2D images, which is the one where none is named, and for volumes."""
BUNDLE_VARIABLE = "MEDGLIP_BUNDLE"
"""Environment variable with the folder of a bundle."""
SOURCES_VARIABLE = "MEDGLIP_SOURCES"
"""Environment variable with the path of the file that names URLs and checksums."""
_CACHE_VARIABLE = "XDG_CACHE_HOME"
_NEEDED = (
    *(f"models/{name}" for name in ("network.json", "model.pt", "operating_point.json")),
    *(f"configs/{name}" for name in ("metadata.json", "validated_phrases.json")),
)


def find_bundle(bundle: str | Path | None = None) -> Bundle:
    """Give the bundle to use.

    Args:
        bundle: its folder, or its name (one of `BUNDLE_NAMES`), which looks in the user's cache, then at the configured
            URL; None takes the folder that ``MEDGLIP_BUNDLE`` names, else ``medglip_2d``.

    Returns:
        The bundle.

    Raises:
        WeightsError: when there is none, or a download is damaged.
    """
    named = bundle in BUNDLE_NAMES and not Path(bundle).is_dir()
    if bundle and not named:
        return Bundle(Path(bundle))
    name = str(bundle) if named else BUNDLE_NAMES[0]
    installed = _cached_bundle(name) if named else installed_bundle()
    if installed is not None:
        return installed
    cached = _cache_folder() / name
    _download(name, cached)
    return Bundle(cached)


def installed_bundle() -> Bundle | None:
    """Give the bundle that is used when none is named, or None where it would have to be downloaded first.

    Raises:
        WeightsError: when ``MEDGLIP_BUNDLE`` names a folder that is no bundle.
    """
    given = os.environ.get(BUNDLE_VARIABLE)
    if given:
        return Bundle(Path(given))
    return _cached_bundle(BUNDLE_NAMES[0])


def _cached_bundle(name: str) -> Bundle | None:
    cached = _cache_folder() / name
    return Bundle(cached) if (cached / "models" / "model.pt").is_file() else None


def _cache_folder() -> Path:
    return Path(os.environ.get(_CACHE_VARIABLE) or Path.home() / ".cache") / "monai_medglip"


def _download(name: str, target: Path) -> None:
    url, sha256 = _source(name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            archive = Path(folder) / "bundle.zip"
            _fetch(url, archive)
            found = hashlib.sha256(archive.read_bytes()).hexdigest()
            if found != sha256:
                raise WeightsError(
                    f"expected a bundle with SHA-256 {sha256} at {url}, got {found}; nothing was installed"
                )
            unpacked = _unpack(archive, Path(folder) / "unpacked", name)
            shutil.rmtree(target, ignore_errors=True)
            unpacked.replace(target)
    except OSError as error:
        raise OutputError(f"expected to install the bundle {name} in {target.parent}: {error}") from error


def _source(name: str) -> tuple[str, str]:
    configured = os.environ.get(SOURCES_VARIABLE)
    path = Path(configured) if configured else Path.home() / ".config" / "monai_medglip" / "sources.json"
    if not path.is_file():
        raise WeightsError(
            f"found no weights: give the folder of a bundle, set {BUNDLE_VARIABLE} to the folder of {name}, or name "
            f"its URL and SHA-256 in {path}"
        )
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))[name]
        url, sha256 = str(entry["url"]), str(entry["sha256"]).lower()
        scheme = urlsplit(url).scheme
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f'expected {{"{name}": {{"url": ..., "sha256": ...}}}} in {path}, could not read it: {error!r}'
        ) from error
    if scheme not in ("https", "file"):
        raise ConfigurationError(f"expected an https or file URL for {name} in {path}, got {url!r}")
    return url, sha256


def _fetch(url: str, archive: Path) -> None:
    from tqdm import tqdm

    try:
        with urllib.request.urlopen(url, timeout=60) as answer, archive.open("wb") as file:
            size = answer.headers.get("Content-Length")
            with tqdm.wrapattr(answer, "read", total=int(size) if size else None, desc="bundle") as stream:
                shutil.copyfileobj(stream, file)
    except OSError as error:
        raise WeightsError(
            f"expected a bundle at {url}, but the download failed: {error}; nothing was installed"
        ) from error


def _unpack(archive: Path, folder: Path, name: str) -> Path:
    try:
        with zipfile.ZipFile(archive) as packed:
            outside = [member for member in packed.namelist() if not member.startswith(f"{name}/") or ".." in member]
            if outside:
                raise WeightsError(f"expected a bundle zip with everything under {name}/, got {outside[0]!r}")
            packed.extractall(folder)
    except zipfile.BadZipFile as error:
        raise WeightsError(f"expected a bundle as a zip file: {error}; nothing was installed") from error
    missing = [file for file in _NEEDED if not (folder / name / file).is_file()]
    if missing:
        raise WeightsError(f"expected a bundle zip with {name}/{missing[0]}, which is missing; nothing was installed")
    return folder / name
