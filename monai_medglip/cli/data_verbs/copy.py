# SPDX-License-Identifier: Apache-2.0
"""``medglip data copy``: brings a store to S3 or another storage, or from there."""

from __future__ import annotations

import argparse

from monai_medglip.cli.data_verbs.folder_words import any_folder

__all__ = ["add_parser", "run"]

_EXAMPLES = """examples:
  medglip data copy built s3://bucket/built
  medglip data copy s3://bucket/built built
"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``copy`` to those of ``medglip data``."""
    parser = verbs.add_parser(
        "copy",
        help="bring a store or shards to S3 or another storage, or from there",
        description="Copy a store or shards, and compare all checksums. The copy is one when all of it is there.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("store", metavar="STORE", help="folder or address of the store")
    parser.add_argument("target", metavar="TARGET", help="folder or address of the copy")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Copy, and print how much was copied; gives back 0."""
    from monai_medglip.data_engine.local_copy import storage_errors
    from monai_medglip.data_engine.store import copy_store

    with storage_errors(arguments.store):
        source = any_folder(arguments.store)
    with storage_errors(arguments.target):
        target = any_folder(arguments.target)
    manifest = copy_store(source, target)
    size = sum(file.size for files in manifest.files.values() for file in files)
    print(f"{arguments.target}: {manifest.counts['records']} images, {size / 1e6:.1f} MB")
    return 0
