# SPDX-License-Identifier: Apache-2.0
"""Zips one bundle folder for the MONAI Model Zoo; byte for byte the same archive from the same files."""

from __future__ import annotations

import argparse
import json
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

#: Made by running a bundle; not part of it.
LEFT_OUT = ("__pycache__", "eval", "runs", "mlruns*", "checkpoint_epoch=*.pt")


def main() -> None:
    """Write ``OUT/NAME_vVERSION.zip`` and print its path."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--text-encoder", type=Path, required=True, help="folder that goes to models/text_encoder")
    parser.add_argument("--out", type=Path, default=Path("dist"))
    arguments = parser.parse_args()
    print(zip_bundle(arguments.bundle, arguments.text_encoder, arguments.out))


def zip_bundle(bundle: Path, text_encoder: Path, out: Path) -> Path:
    """Write the archive of one bundle and give back its path."""
    metadata = json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"{bundle.name}_v{metadata['version']}.zip"
    members = dict(_members(bundle, Path(bundle.name)))
    members.update(_members(text_encoder, Path(bundle.name, "models", "text_encoder")))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, path in sorted(members.items()):
            member = zipfile.ZipInfo(name.as_posix())
            member.external_attr = 0o644 << 16  # without it, unzip makes files that nobody may read
            zipped.writestr(member, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return archive


def _members(folder: Path, name: Path) -> Iterator[tuple[Path, Path]]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        left_out = any(fnmatch(part, pattern) for part in inside.parts for pattern in LEFT_OUT)
        if path.is_file() and not left_out:
            yield name / inside, path


if __name__ == "__main__":
    main()
