# SPDX-License-Identifier: Apache-2.0
"""``medglip data ontology``: browses the concepts that phrases can name."""

from __future__ import annotations

import argparse

__all__ = ["add_parser", "run"]


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``ontology`` to those of ``medglip data``."""
    parser = verbs.add_parser("ontology", help="show a concept: what it is, its parts, its names and codes")
    parser.add_argument("words", nargs="*", metavar="NAME", help="a name, in any spelling")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what the ontology knows of a name; gives back 0."""
    from monai_medglip.ontology import Ontology

    concept = Ontology.default()[" ".join(arguments.words)]
    print(concept.name, *concept.synonyms, sep="\n  ")
    return 0
