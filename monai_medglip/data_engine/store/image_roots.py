# SPDX-License-Identifier: Apache-2.0
"""Where the pixels of a store's sources lie: beside the store, elsewhere on this machine, or behind an address."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import ConfigurationError, DataError

__all__ = ["ROOTS", "ImageRoots", "write_roots"]

ROOTS = "roots.json"
"""The file that says it; it may be edited when images move, the manifest does not count it."""

ImageRoot = str | os.PathLike[str]


class ImageRoots:
    """The folder of each source's images.

    Args:
        store: the store; roots that are not absolute start from it.
        given: one root for all sources, or one for each; None takes those of the file `ROOTS`.

    Raises:
        DataError: when the file cannot be read.
    """

    def __init__(self, store: Path, given: ImageRoot | Mapping[str, ImageRoot] | None = None) -> None:
        self._store = store
        if given is None:
            given = _read(store / ROOTS)
        self._roots = {name: self._path(root) for name, root in given.items()} if isinstance(given, Mapping) else {}
        self._of_all = None if isinstance(given, Mapping) else self._path(given)

    def path(self, source: str, uri: str) -> Path:
        """Give the path of an image; one of a source without a root starts from the store.

        Example:
            >>> ImageRoots(Path("store"), "/data").path("kits23", "case_00001/imaging.nii.gz").as_posix()
            '/data/case_00001/imaging.nii.gz'
        """
        return (self._of_all or self._roots.get(source) or self._store) / uri

    def _path(self, root: ImageRoot) -> Path:
        if "://" not in str(root):
            return self._store / root
        try:
            from upath import UPath
        except ImportError as error:
            raise ConfigurationError(
                f"expected universal-pathlib for {root}, which is not installed; pip install monai_medglip[data]"
            ) from error
        return cast("Path", UPath(root))  # which offers what is used of pathlib's


def write_roots(store: Path, roots: Mapping[str, ImageRoot]) -> None:
    """Write the file of roots.

    Raises:
        OutputError: when it cannot be written.
    """
    places = {source: str(root) for source, root in sorted(roots.items())}
    with atomic_file(store / ROOTS) as temporary:
        temporary.write_text(json.dumps(places, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, str]:
    try:
        roots = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: expected the folders of the images in JSON, but {error}") from error
    if not isinstance(roots, dict):
        raise DataError(f"{path}: expected an object of sources and folders, got a {type(roots).__name__}")
    return {str(source): str(root) for source, root in roots.items()}
