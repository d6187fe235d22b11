# SPDX-License-Identifier: Apache-2.0
"""One label of a data set as its card tells it: the source's word, the concept, and how its annotations are meant."""

from __future__ import annotations

from dataclasses import dataclass

from monai_medglip.data_engine.label_rules import InstanceRule
from monai_medglip.data_engine.record import Truth
from monai_medglip.ontology.concept import Mirror

__all__ = ["CardLabel"]


@dataclass(frozen=True)
class CardLabel:
    """What one of the source's values means.

    Args:
        value: the source's own word or number, as text.
        concept: name of the ontology's concept.
        instances: how pixels become instances; None for the usual way of the concept's level.
        exhaustive: whether an image of the source without the label lacks the thing.
        truth: who drew it.
        mirror: what mirroring an image with the label means; None for what follows from concept and card.
        attributes: what the value says besides the concept, such as (("pathology", "benign"),).
    """

    value: str
    concept: str
    instances: InstanceRule | None = None
    exhaustive: bool = False
    truth: Truth = Truth.EXPERT
    mirror: Mirror | None = None
    attributes: tuple[tuple[str, str], ...] = ()
