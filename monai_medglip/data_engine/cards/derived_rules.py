# SPDX-License-Identifier: Apache-2.0
"""From a card's labels to the rules of truth and training; the ontology gives level, parent, relation and mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule, Relation
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology import Concept, Level, Mirror, Ontology, Side

if TYPE_CHECKING:
    from monai_medglip.data_engine.cards.card import SourceCard
    from monai_medglip.data_engine.cards.card_label import CardLabel

__all__ = ["derive_label_rules"]

_Parent = tuple[str | None, Relation | None, bool]

# Heart, liver, stomach and spleen lie on one side: a mirrored image of these regions shows what hardly any patient has.
_REGIONS_WITH_A_SIDE = frozenset(("chest", "heart", "abdomen", "colon", "spine", "whole body"))
_PICTURES_OF_THE_TRUNK = frozenset((Modality.CT, Modality.MR, Modality.PET, Modality.XR))


def derive_label_rules(card: SourceCard, ontology: Ontology) -> tuple[LabelRule, ...]:
    """Give the rules of a card's labels.

    * Parent: a concept that the card covers or that its labels make together; the common kind of a left and a right
      that both are labels; for a label that is not exhaustive, its nearest kind; else its whole or its place. A parent
      by ``is_a`` lets silence count against the parent too, which is why others are not taken where silence counts.
    * Mirror: what the label says; else `fixed` for images of the trunk and for a side without its mirror image, `swap`
      for a side that has one, `free` for the rest.

    Raises:
        OntologyError: when a label is no concept of the ontology.
    """
    names = frozenset(card.concepts)
    trunk = _shows_the_trunk(card)
    return tuple(_rule(card, label, ontology, names, trunk) for label in card.labels)


def _rule(card: SourceCard, label: CardLabel, ontology: Ontology, names: frozenset[str], trunk: bool) -> LabelRule:
    concept = ontology[label.concept]
    parent, relation, union_is_whole = _parent(card, label, ontology, names)
    return LabelRule(
        source=card.name,
        value=label.value,
        label=concept.name,
        level=concept.level,
        parent=parent,
        relation=relation,
        union_is_whole=union_is_whole,
        instances=label.instances or _usual_instances(concept),
        exhaustive=label.exhaustive,
        mirror=label.mirror or (Mirror.FIXED if trunk else _mirror(concept)),
        truth=label.truth,
    )


def _shows_the_trunk(card: SourceCard) -> bool:
    seen = not _PICTURES_OF_THE_TRUNK.isdisjoint(card.modalities)
    return seen and not _REGIONS_WITH_A_SIDE.isdisjoint(card.body_regions)


def _parent(card: SourceCard, label: CardLabel, ontology: Ontology, names: frozenset[str]) -> _Parent:
    concept = ontology[label.concept]
    kinds = ontology.ancestors(concept.name)
    wholes = [whole for name in (concept.name, *kinds) for whole in ontology[name].part_of]
    found: list[_Parent] = [(kind, Relation.IS_A, False) for kind in kinds if kind in card.covers]
    found += [(whole, Relation.PART_OF, True) for whole in wholes if whole in card.wholes]
    found += [(kind, Relation.IS_A, False) for kind in _kinds_of_both_sides(concept, ontology, names)]
    if not label.exhaustive:
        found += [(kind, Relation.IS_A, False) for kind in kinds]
    found += [(whole, Relation.PART_OF, False) for whole in wholes]
    found += [(place, Relation.LOCATED_IN, False) for place in concept.located_in]
    return found[0] if found else (None, None, False)


def _kinds_of_both_sides(concept: Concept, ontology: Ontology, names: frozenset[str]) -> list[str]:
    """Give what both a concept and its mirror image are, where both are labels: the two are all of it."""
    if concept.mirror_of is None or concept.mirror_of not in names:
        return []
    return [kind for kind in concept.is_a if kind in ontology[concept.mirror_of].is_a]


def _usual_instances(concept: Concept) -> InstanceRule:
    return InstanceRule.COMPONENTS if concept.level in (Level.LESION, Level.CELL) else InstanceRule.ONE


def _mirror(concept: Concept) -> Mirror:
    if concept.side is Side.NONE:
        return Mirror.FREE
    return Mirror.SWAP if concept.mirror_of else Mirror.FIXED
