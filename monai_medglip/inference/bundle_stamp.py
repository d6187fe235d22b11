# SPDX-License-Identifier: Apache-2.0
"""Writing the checksums of a bundle's weights into its metadata, after training and before a bundle is published.

``python -m monai_medglip.inference.bundle_stamp FOLDER`` does it for a bundle; the ``train`` configuration does it when
it is done. `Bundle.check_weights` compares.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import ConfigurationError

__all__ = ["checksums", "stamp_bundle"]


def checksums(bundle: str | Path) -> dict[str, Any]:
    """Give the SHA-256 of a bundle's weights.

    Args:
        bundle: its folder.

    Returns:
        ``weights_sha256``, None where there are no weights, and ``text_encoder_sha256``, by file name.
    """
    models = Path(bundle) / "models"
    weights = models / "model.pt"
    text_encoder = sorted(path for path in (models / "text_encoder").glob("*") if path.suffix in _TEXT_ENCODER_FILES)
    return {
        "weights_sha256": _sha256(weights) if weights.is_file() else None,
        "text_encoder_sha256": {path.name: _sha256(path) for path in text_encoder},
    }


def stamp_bundle(bundle: str | Path) -> None:
    """Write the checksums of a bundle's weights into its ``configs/metadata.json``, unless they are there already.

    Args:
        bundle: its folder.

    Raises:
        ConfigurationError: when it has no metadata.
        OutputError: when they cannot be written.
    """
    path = Path(bundle) / "configs" / "metadata.json"
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"expected the metadata of a bundle (JSON) in {path}: {error}") from error
    stamped = {**metadata, **checksums(bundle)}
    if stamped != metadata:
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(stamped, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


_TEXT_ENCODER_FILES = (".json", ".safetensors")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        stamp_bundle(folder)
