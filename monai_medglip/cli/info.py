# SPDX-License-Identifier: Apache-2.0
"""``medglip info``: what is installed here, read from metadata files alone; no heavy library is loaded."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
from typing import Any

from monai_medglip import __version__

__all__ = ["add_parser", "describe_installation", "run"]

_LIBRARIES = ("torch", "monai", "transformers", "pytorch-ignite", "numpy", "nibabel", "simpleitk", "pydicom")


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``info`` to the command line."""
    parser = verbs.add_parser("info", help="show versions, concepts, the model and the license of its weights")
    parser.add_argument("--json", action="store_true", help="write JSON for other programs")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what is installed; gives back 0."""
    facts = describe_installation()
    print(json.dumps(facts, indent=2) if arguments.json else _as_text(facts))
    return 0


def describe_installation() -> dict[str, Any]:
    """What is installed here.

    Returns:
        A dictionary that JSON can hold: ``version``, ``python``, ``platform``, ``libraries`` (name to version, None
        where it is not installed), ``concepts`` (how many the ontology has) and ``model`` (None, or where it is, its
        version, the checksum and the license of its weights).

    Raises:
        MedGLIPError: when the bundle that the environment names cannot be read.
    """
    from monai_medglip.inference import installed_bundle
    from monai_medglip.ontology import Ontology

    bundle = installed_bundle()
    return {
        "version": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: _version_of(name) for name in _LIBRARIES},
        "concepts": sum(1 for _ in Ontology.default()),
        "model": bundle and {"folder": str(bundle.path), **bundle.provenance()},
    }


def _version_of(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def _as_text(facts: dict[str, Any]) -> str:
    rows = [
        ("medglip", facts["version"]),
        ("python", facts["python"]),
        ("platform", facts["platform"]),
        *((name, version or "not installed") for name, version in facts["libraries"].items()),
        ("concepts", facts["concepts"]),
        *(facts["model"] or {"model": "none found; set MEDGLIP_BUNDLE to the folder of a bundle"}).items(),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.replace('_', ' '):<{width}}  {text}" for name, text in rows)
