# SPDX-License-Identifier: Apache-2.0
"""Folders as words of the command line: on this machine, or behind an address such as ``s3://bucket/folder``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import cast

__all__ = ["any_folder", "local_folder"]


def local_folder(word: str) -> Path:
    """Give a folder of this machine, for argparse; `Path` alone would take an address for a strange name."""
    if "://" in word:
        raise argparse.ArgumentTypeError(
            f"expected a folder of this machine, got {word}; 'medglip data copy' brings a store to such an address"
        )
    return Path(word)


def any_folder(word: str) -> Path:
    """Give a folder, which may lie behind an address.

    Raises:
        ImportError: when the library for addresses is not installed.
    """
    if "://" not in word:
        return Path(word)
    from upath import UPath

    return cast(Path, UPath(word))  # which offers what is used of pathlib's
