# SPDX-License-Identifier: Apache-2.0
"""The labels of one source as concepts: what is true of a concept in an image, by position in its list of regions.

The rules are those of ``docs/decisions/0005-absence.md``. They need the concept only; the words are not looked at, and
no masks are made (`phrase_truth` does).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from monai_medglip.data_engine.label_rules import InstanceRule, LabelRule, Relation
from monai_medglip.data_engine.record import Record
from monai_medglip.ontology import Ontology

__all__ = ["ConceptTruth", "Presence", "SourceConcepts"]


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


class _Marked(Protocol):
    """A region as far as its truth is concerned: a `Region`, or a `RegionRow`."""

    @property
    def concept(self) -> str: ...

    @property
    def ignored(self) -> bool: ...


class SourceConcepts:
    """The labels of one source and how they hang together, by LABELS.tsv and the ontology.

    Args:
        rules: the source's rows of LABELS.tsv.
        ontology: adds its is_a relations; labels that it does not know live by the rules alone.
    """

    def __init__(self, rules: Sequence[LabelRule], ontology: Ontology) -> None:
        self._ontology = ontology
        self._canonical: dict[str, str] = {}
        self._ancestors: dict[str, frozenset[str]] = {}
        self._rules: dict[str, list[LabelRule]] = {}
        self._parents: dict[str, set[str]] = {}
        self._wholes: dict[str, str] = {}
        for rule in rules:
            self._add(rule)

    def canonical(self, name: str) -> str:
        """Give the ontology's name of a concept, or the name itself where the ontology has none."""
        if name not in self._canonical:
            concept = None if name in self._ontology else self._ontology.resolve(name)
            self._canonical[name] = name if concept is None else concept.name
        return self._canonical[name]

    def names(self) -> tuple[str, ...]:
        """Give the concepts that the source itself speaks of: its labels and the parents that can have instances."""
        parents = [name for label in self._rules for name in sorted(self._parents.get(label, ()))]
        return tuple(dict.fromkeys([*self._rules, *parents, *self._wholes.values()]))

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
        return name in self.names() and all(rule.exhaustive for rule in self._rules_below(name))

    def truth(self, name: str, regions: Sequence[_Marked], record: Record) -> ConceptTruth:
        """Give what is true of a concept in an image.

        Args:
            name: the concept.
            regions: the image's regions.
            record: tells what the image can show.

        Returns:
            The truth, as positions in `regions`.
        """
        name = self.canonical(name)
        labels = [self.canonical(region.concept) for region in regions]
        own = [i for i, label in enumerate(labels) if self._is_one(label, name)]
        instances = [(i,) for i in own if not regions[i].ignored] + self._unions(name, labels, regions)
        ignore = {i for i in own if regions[i].ignored} | self._undecided(name, labels, instances)
        below = self._rules_below(name)
        several = (InstanceRule.COMPONENTS, InstanceRule.BOXES)
        return ConceptTruth(
            presence=self._presence(name, record, found=bool(instances), doubt=bool(ignore)),
            instances=tuple(instances),
            ignore=tuple(sorted(ignore)),
            scored_as="mask_only" if below and all(r.instances is InstanceRule.MASK_ONLY for r in below) else "boxes",
            exhaustive=self.is_exhaustive(name),
            many=len(below) > 1 or any(rule.instances in several for rule in below),
        )

    def _add(self, rule: LabelRule) -> None:
        name = self.canonical(rule.label)
        self._rules.setdefault(name, []).append(rule)
        if rule.parent is None:
            return
        parent = self.canonical(rule.parent)
        if rule.relation is Relation.IS_A:
            self._parents.setdefault(name, set()).add(parent)
        if rule.relation is Relation.PART_OF and rule.union_is_whole:
            self._wholes[name] = parent

    def _is_one(self, narrow: str, wide: str) -> bool:
        return narrow == wide or wide in self.ancestors(narrow)

    def _rules_below(self, name: str) -> list[LabelRule]:
        """Give the rules of the labels whose regions make, alone or together, an instance of a concept."""
        return [
            rule
            for label, rules in self._rules.items()
            if self._is_one(label, name) or (label in self._wholes and self._is_one(self._wholes[label], name))
            for rule in rules
        ]

    def _unions(self, name: str, labels: Sequence[str], regions: Sequence[_Marked]) -> list[tuple[int, ...]]:
        """Give the instances that parts make together, of the concept and of what is one of it.

        Narrow wholes come first: two lungs of lobes are lungs, and then nothing is left to make a third.
        """
        parts: dict[str, list[int]] = {}
        for i, label in enumerate(labels):
            if label in self._wholes and not regions[i].ignored:
                parts.setdefault(self._wholes[label], []).append(i)
        seen = set(labels)
        unions = []
        for whole in sorted(parts, key=lambda whole: (-len(self.ancestors(whole)), whole)):
            if self._is_one(whole, name) and not any(self._is_one(other, whole) for other in seen):
                seen.add(whole)
                unions.append(tuple(parts[whole]))
        return unions

    def _undecided(self, name: str, labels: Sequence[str], instances: Sequence[tuple[int, ...]]) -> set[int]:
        """Give the regions that may be or hold the concept: of a wider one, or of a child by an unknown relation."""
        taken = {i for group in instances for i in group}
        return {
            i
            for i, label in enumerate(labels)
            if i not in taken and (label in self.ancestors(name) or self._is_unclear_child(label, name))
        }

    def _is_unclear_child(self, label: str, name: str) -> bool:
        return any(
            rule.relation is None and rule.parent is not None and self.canonical(rule.parent) == name
            for rule in self._rules.get(label, ())
        )

    def _presence(self, name: str, record: Record, *, found: bool, doubt: bool) -> Presence:
        if found:
            return Presence.PRESENT
        if doubt:
            return Presence.UNKNOWN
        if self.is_exhaustive(name):
            return Presence.ABSENT_HARD
        if name in self._ontology and not self._ontology.can_show(name, record.modality, record.body_region):
            return Presence.ABSENT_EASY
        return Presence.UNKNOWN
