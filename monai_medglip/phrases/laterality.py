# SPDX-License-Identifier: Apache-2.0
"""The side of the patient that words tell; which concepts have a side is the ontology's matter."""

from __future__ import annotations

from monai_medglip.ontology.concept import Concept, Side
from monai_medglip.ontology.name_forms import name_key, split_side

__all__ = ["phrase_side", "side_of"]


def side_of(text: str) -> Side:
    """Give the side that the words of a text tell.

    Returns:
        `Side.BOTH` for "both", "bilateral", "left and right", and when left and right are named apart.

    Example:
        >>> side_of("Lung on the left"), side_of("both kidneys"), side_of("heart")
        (<Side.LEFT: 'left'>, <Side.BOTH: 'both'>, <Side.NONE: 'none'>)
    """
    side, _ = split_side(name_key(text))
    return side


def phrase_side(text: str, concept: Concept | None) -> Side:
    """Give the side of a phrase: that of its words, or else that of its concept ("tooth 16" is on the right)."""
    side = side_of(text)
    return concept.side if side is Side.NONE and concept is not None else side
