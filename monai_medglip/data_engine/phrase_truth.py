# SPDX-License-Identifier: Apache-2.0
"""What is true of a phrase in an image: which regions it names, which are ignored, and whether absence is known.

The rules are those of ``docs/decisions/0005-absence.md``. They need the concept only; the words are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import numpy as np

from monai_medglip.data_engine.instances import bounds_of
from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule, Relation
from monai_medglip.data_engine.record import Record, Region
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.ontology import Ontology

if TYPE_CHECKING:
    from monai_medglip.data_engine.grounding_folder import GroundingFolder

__all__ = ["ConceptTruth", "PhraseTruth", "Presence", "SourceConcepts", "phrase_truth"]


class _Marked(Protocol):
    """A region as far as its truth is concerned."""

    @property
    def concept(self) -> str: ...

    @property
    def ignored(self) -> bool: ...


class Presence(str, Enum):
    """Whether a concept is in an image."""

    PRESENT = "present"
    ABSENT_HARD = "absent_hard"
    """The source labels the concept wherever it is, and not here."""
    ABSENT_EASY = "absent_easy"
    """This modality or body region cannot show the concept."""
    UNKNOWN = "unknown"
    """Nobody said; neither a positive nor a negative."""

    @property
    def is_absent(self) -> bool:
        """Whether the absence is known, of either kind."""
        return self in (Presence.ABSENT_HARD, Presence.ABSENT_EASY)


@dataclass(frozen=True)
class ConceptTruth:
    """What is true of a concept in an image, as positions in the image's list of regions.

    Args:
        presence: whether it is there.
        instances: the regions of each instance; several where they make one instance together.
        ignore: regions that are neither the concept nor background.
        scored_as: "boxes", or "mask_only" where the boxes are no measure.
        exhaustive: whether silence means absence.
        many: whether one image may hold many instances.
    """

    presence: Presence
    instances: tuple[tuple[int, ...], ...]
    ignore: tuple[int, ...]
    scored_as: str
    exhaustive: bool
    many: bool


@dataclass(frozen=True)
class PhraseTruth:
    """What is true of a concept in an image, as regions in the image's own pixels.

    Args:
        presence: whether it is there.
        instances: one region per instance, named by the concept that was asked.
        mask: all instances together, None where one of them is only a box, or where there is none.
        ignore: regions that are neither the concept nor background.
        scored_as: "boxes", or "mask_only" where the boxes are no measure.
        exhaustive: whether silence means absence, so that precision can be scored.
    """

    presence: Presence
    instances: tuple[Region, ...]
    mask: MaskRLE | None
    ignore: tuple[Region, ...]
    scored_as: str
    exhaustive: bool


class SourceConcepts:
    """The labels of one source and how they hang together, by LABELS.tsv and the ontology.

    Args:
        rules: the source's rows of LABELS.tsv.
        ontology: adds its is_a relations; labels that it does not know live by the rules alone.
    """

    def __init__(self, rules: Sequence[LabelRule], ontology: Ontology) -> None:
        self._ontology = ontology
        self._canonical: dict[str, str] = {}
        self._rules = {self.canonical(rule.label): rule for rule in rules}
        self._parents: dict[str, set[str]] = {}
        for name, rule in self._rules.items():
            if rule.relation is Relation.IS_A and rule.parent is not None:
                self._parents.setdefault(name, set()).add(self.canonical(rule.parent))
        self._ancestors: dict[str, frozenset[str]] = {}

    def canonical(self, name: str) -> str:
        """Give the ontology's name of a concept, or the name itself where the ontology has none."""
        if name in self._ontology:
            return name
        if name not in self._canonical:
            concept = self._ontology.resolve(name)
            self._canonical[name] = name if concept is None else concept.name
        return self._canonical[name]

    def names(self) -> tuple[str, ...]:
        """Give the concepts that the source itself speaks of: its labels and the parents that can have instances."""
        parents = [name for label in self._rules for name in sorted(self._parents.get(label, ()))]
        wholes = [whole for whole in map(self._whole, self._rules) if whole is not None]
        return tuple(dict.fromkeys([*self._rules, *parents, *wholes]))

    def ancestors(self, name: str) -> frozenset[str]:
        """Give everything that a concept is, without itself."""
        if name not in self._ancestors:
            found: set[str] = set()
            waiting = [name]
            while waiting:
                current = waiting.pop()
                wider = set(self._parents.get(current, ()))
                if current in self._ontology:
                    wider.update(self._ontology[current].is_a)
                waiting.extend(wider - found)
                found |= wider
            self._ancestors[name] = frozenset(found - {name})
        return self._ancestors[name]

    def is_exhaustive(self, name: str) -> bool:
        """Whether silence of the source means that a concept is absent.

        A label's own row says so; a parent is exhaustive when every label below it is. Concepts that the source does
        not speak of never are.
        """
        below = [rule for label, rule in self._rules.items() if self._is_below(label, name)]
        return name in self.names() and all(rule.exhaustive for rule in below)

    def _is_below(self, label: str, name: str) -> bool:
        """Whether regions of a label make, alone or together, an instance of a concept."""
        if label == name or name in self.ancestors(label):
            return True
        whole = self._whole(label)
        return whole is not None and (whole == name or name in self.ancestors(whole))

    def _whole(self, label: str) -> str | None:
        """Give what the regions of a label and its fellows make together, or None."""
        rule = self._rules.get(label)
        if rule is None or rule.parent is None or rule.relation is not Relation.PART_OF or not rule.union_is_whole:
            return None
        return self.canonical(rule.parent)

    def truth(self, name: str, regions: Sequence[_Marked], record: Record) -> ConceptTruth:
        """Give what is true of a concept in an image.

        Args:
            name: the concept.
            regions: the image's regions; anything with ``concept`` and ``ignored`` will do.
            record: tells what the image can show.

        Returns:
            The truth, as positions in `regions`.
        """
        name = self.canonical(name)
        labels = [self.canonical(region.concept) for region in regions]
        own = [i for i, label in enumerate(labels) if label == name or name in self.ancestors(label)]
        instances: list[tuple[int, ...]] = [(i,) for i in own if not regions[i].ignored]
        taken = {labels[i] for i in own}
        instances += self._unions(name, labels, regions, taken)
        matched = {labels[i] for group in instances for i in group}
        ignore = [i for i in own if regions[i].ignored] + self._undecided(name, labels, taken=matched)
        exhaustive = self.is_exhaustive(name)
        rules = [self._rules[label] for label in matched if label in self._rules]
        return ConceptTruth(
            presence=self._presence(name, record, found=bool(instances), doubt=bool(ignore), exhaustive=exhaustive),
            instances=tuple(instances),
            ignore=tuple(sorted(set(ignore))),
            scored_as="mask_only" if rules and all(r.instances is InstanceRule.MASK_ONLY for r in rules) else "boxes",
            exhaustive=exhaustive,
            many=len(matched) > 1 or any(r.instances in (InstanceRule.COMPONENTS, InstanceRule.BOXES) for r in rules),
        )

    def _unions(
        self, name: str, labels: Sequence[str], regions: Sequence[_Marked], taken: set[str]
    ) -> list[tuple[int, ...]]:
        """Give the instances that parts make together, of the concept and of what is one of it."""
        groups: dict[str, list[int]] = {}
        for i, label in enumerate(labels):
            whole = self._whole(label)
            if whole is not None and not regions[i].ignored:
                groups.setdefault(whole, []).append(i)
        wholes = [whole for whole in groups if whole == name or name in self.ancestors(whole)]
        wholes.sort(key=lambda whole: (-len(self.ancestors(whole)), whole))
        made: set[str] = set(taken)
        unions = []
        for whole in wholes:
            if not any(other == whole or whole in self.ancestors(other) for other in made):
                made.add(whole)
                unions.append(tuple(groups[whole]))
        return unions

    def _undecided(self, name: str, labels: Sequence[str], taken: set[str]) -> list[int]:
        """Give the regions that may be or hold the concept: of a wider one, or of a child by an unknown relation."""
        wider = self.ancestors(name)
        undecided = []
        for i, label in enumerate(labels):
            rule = self._rules.get(label)
            parent = rule.parent if rule is not None and rule.relation is None else None
            unclear = parent is not None and self.canonical(parent) == name
            if (label in wider or unclear) and label not in taken:
                undecided.append(i)
        return undecided

    def _presence(self, name: str, record: Record, *, found: bool, doubt: bool, exhaustive: bool) -> Presence:
        if found:
            return Presence.PRESENT
        if doubt:
            return Presence.UNKNOWN
        if exhaustive:
            return Presence.ABSENT_HARD
        if name in self._ontology and not self._ontology.can_show(name, record.modality, record.body_region):
            return Presence.ABSENT_EASY
        return Presence.UNKNOWN


def phrase_truth(
    folder: GroundingFolder, record: Record, regions: Sequence[Region], concept_name: str, ontology: Ontology
) -> PhraseTruth:
    """Give what is true of a concept in an image.

    Args:
        folder: tells the rules of the image's source.
        record: the image.
        regions: its regions, as `GroundingFolder.regions` gives them.
        concept_name: a concept of the ontology, or a label of the source.
        ontology: the concepts' relations, and what a modality can show.

    Returns:
        Presence, instances, mask and ignored regions.
    """
    truth = SourceConcepts(folder.labels(record.source), ontology).truth(concept_name, regions, record)
    instances = tuple(_instance(concept_name, [regions[i] for i in group]) for group in truth.instances)
    return PhraseTruth(
        presence=truth.presence,
        instances=instances,
        mask=_union(instances),
        ignore=tuple(regions[i] for i in truth.ignore),
        scored_as=truth.scored_as,
        exhaustive=truth.exhaustive,
    )


def _instance(concept: str, members: Sequence[Region]) -> Region:
    if len(members) == 1:
        only = members[0]
        return Region(concept, only.box, only.mask, only.truth)
    return Region(concept, bounds_of([member.box for member in members]), _union(members), members[0].truth)


def _union(regions: Iterable[Region]) -> MaskRLE | None:
    masks = [region.mask for region in regions]
    if not masks or any(mask is None for mask in masks):
        return None
    if len(masks) == 1:
        return masks[0]
    return MaskRLE.encode(np.logical_or.reduce([mask.decode() for mask in masks if mask is not None]))
