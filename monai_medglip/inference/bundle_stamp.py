# SPDX-License-Identifier: Apache-2.0
"""Writing the checksums of a bundle's weights into its metadata, after training and before a bundle is published.

``python -m monai_medglip.inference.bundle_stamp FOLDER`` does it for a bundle; the ``train`` configuration does it when
it is done. `Bundle.check_weights` compares.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import ConfigurationError

__all__ = ["checksums", "main", "stamp_bundle"]

_TEXT_ENCODER_FILES = (".json", ".safetensors")


def checksums(bundle: str | Path) -> dict[str, Any]:
    """Give the SHA-256 of a bundle's weights.

    Args:
        bundle: its folder.

    Returns:
        ``weights_sha256`` and, by file name, ``text_encoder_sha256``; without the one that the bundle does not have.
    """
    models = Path(bundle) / "models"
    found: dict[str, Any] = {}
    if (models / "model.pt").is_file():
        found["weights_sha256"] = _sha256(models / "model.pt")
    files = sorted(path for path in (models / "text_encoder").glob("*") if path.suffix in _TEXT_ENCODER_FILES)
    if files:
        found["text_encoder_sha256"] = {path.name: _sha256(path) for path in files}
    return found


def stamp_bundle(bundle: str | Path) -> bool:
    """Write the checksums of a bundle's weights into its ``configs/metadata.json``.

    Args:
        bundle: its folder.

    Returns:
        False when the folder has no metadata, so that there is nothing to stamp.

    Raises:
        ConfigurationError: when the metadata cannot be read.
        OutputError: when they cannot be written.
    """
    path = Path(bundle) / "configs" / "metadata.json"
    if not path.is_file():
        return False
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"expected the metadata of a bundle (JSON) in {path}: {error}") from error
    stamped = {**metadata, **checksums(bundle)}
    if stamped != metadata:
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(stamped, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return True


def main(words: Sequence[str] | None = None) -> None:
    """Stamp the bundle folders named on the command line.

    Raises:
        SystemExit: with status 2 when one of them is no bundle, as argparse does.
    """
    parser = argparse.ArgumentParser(description="Write the checksums of weights into the metadata of bundles.")
    parser.add_argument("bundles", nargs="+", type=Path, metavar="FOLDER")
    for bundle in parser.parse_args(words).bundles:
        if not stamp_bundle(bundle):
            parser.error(f"expected a bundle folder with configs/metadata.json, got {bundle}")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
