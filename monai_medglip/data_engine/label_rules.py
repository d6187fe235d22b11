# SPDX-License-Identifier: Apache-2.0
"""What the labels and sources of a data folder mean: LABELS.tsv and SOURCES.tsv; the images are not looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from monai_medglip.data_engine.folder_record import AnnotationKind
from monai_medglip.data_engine.record import Truth
from monai_medglip.data_engine.tables import TableRow, read_table
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.ontology.concept import Level, Mirror

__all__ = ["InstanceRule", "LabelRule", "Relation", "SourceFacts", "read_label_rules", "read_source_facts"]


class InstanceRule(str, Enum):
    """How the pixels of a label become instances."""

    ONE = "one"
    """All pixels of the label are one instance."""
    COMPONENTS = "components"
    """Each connected component is one; 8 neighbors in an image, 26 in a volume."""
    BOXES = "boxes"
    """Each annotation is one, as given."""
    MASK_ONLY = "mask_only"
    """One mask; its box is no measure of anything."""


class Relation(str, Enum):
    """What a label is to its parent."""

    IS_A = "is_a"
    PART_OF = "part_of"
    LOCATED_IN = "located_in"


@dataclass(frozen=True)
class LabelRule:
    """One row of LABELS.tsv.

    Args:
        source: the data set that the row is about.
        value: the pixel value, or the name in a table of boxes.
        label: the concept's name.
        level: what kind of concept it is.
        parent: a wider concept, or None.
        relation: what the label is to its parent; None where it is not known.
        union_is_whole: whether this image's labels with that parent together make a valid region of the parent.
        instances: how pixels become instances.
        exhaustive: whether an image of this source without the label lacks the thing.
        mirror: what mirroring an image with this label means.
        truth: who drew the regions.
    """

    source: str
    value: str
    label: str
    level: Level
    parent: str | None
    relation: Relation | None
    union_is_whole: bool
    instances: InstanceRule
    exhaustive: bool
    mirror: Mirror
    truth: Truth


@dataclass(frozen=True)
class SourceFacts:
    """One row of SOURCES.tsv; made without arguments but the name, nothing is known.

    Args:
        source: the data set that the row is about.
        body_region: what its images show.
        known_axes: the patient's axes that can be told.
        spacing_known: whether the stored spacing is the true one.
    """

    source: str
    body_region: str | None = None
    known_axes: frozenset[AxisPair] = frozenset()
    spacing_known: bool = False


def read_label_rules(path: Path, kinds: Mapping[str, Collection[AnnotationKind]]) -> dict[str, tuple[LabelRule, ...]]:
    """Read LABELS.tsv, also one that has only value, label, level and parent.

    Args:
        path: the file.
        kinds: the kinds of annotation that each source has; they settle the instances where the table does not.

    Returns:
        The rules of each source in the order of the file.

    Raises:
        DataError: when a row cannot be understood, or a source lists a value twice.
    """
    rules: dict[str, list[LabelRule]] = {}
    for row in read_table(path, ["source", ("value", "value_or_name"), "label", "level"]):
        rule = _label_rule(row, kinds.get(row.required("source"), ()))
        known = rules.setdefault(rule.source, [])
        if any(rule.value == other.value for other in known):
            row.fail(f"expected every value once, {rule.source} lists {rule.value!r} twice")
        known.append(rule)
    return {source: tuple(known) for source, known in rules.items()}


def _label_rule(row: TableRow, kinds: Collection[AnnotationKind]) -> LabelRule:
    level = row.choice("level", Level)
    parent = row.optional("parent")
    relation = row.choice("relation", Relation) if row.optional("relation") else None
    if relation is not None and parent is None:
        row.fail(f"expected a parent for the relation {relation.value!r}, column 'parent' is empty")
    return LabelRule(
        source=row.required("source"),
        value=row.optional("value_or_name") or row.required("value" if "value" in row.cells else "value_or_name"),
        label=row.required("label"),
        level=level,
        parent=parent,
        relation=relation,
        union_is_whole=row.yes_or_no("union_is_whole", default=False),
        instances=row.choice("instances", InstanceRule, default=_usual_instances(level, kinds)),
        exhaustive=row.yes_or_no("exhaustive", default=False),
        # Where nobody says that a mirrored picture still shows the same names, it is not mirrored.
        mirror=row.choice("mirror", Mirror, default=Mirror.FIXED),
        truth=row.choice("truth", Truth, default=Truth.EXPERT),
    )


def _usual_instances(level: Level, kinds: Collection[AnnotationKind]) -> InstanceRule:
    if AnnotationKind.BOXES in kinds:
        return InstanceRule.BOXES
    return InstanceRule.COMPONENTS if level in (Level.LESION, Level.CELL) else InstanceRule.ONE


def read_source_facts(path: Path) -> dict[str, SourceFacts]:
    """Read SOURCES.tsv; a folder without this file gives an empty mapping, nothing is known of its sources.

    Raises:
        DataError: when a row cannot be understood, or a source is listed twice.
    """
    facts: dict[str, SourceFacts] = {}
    for row in read_table(path, ["source", "body_region"]) if path.exists() else ():
        source = row.required("source")
        if source in facts:
            row.fail(f"expected every source once, {source!r} is listed twice")
        facts[source] = SourceFacts(
            source, row.optional("body_region"), _known_axes(row), _says_yes(row, "spacing_known")
        )
    return facts


def _known_axes(row: TableRow) -> frozenset[AxisPair]:
    """Read "yes", "no" or "A/P and S/I only"; left and right have a column of their own."""
    orientation = row.optional("orientation_known") or "no"
    axes = set()
    if orientation.lower().endswith(" only"):
        letters = {"A/P": AxisPair.POSTERIOR_ANTERIOR, "S/I": AxisPair.INFERIOR_SUPERIOR}
        axes = {axis for pair, axis in letters.items() if pair in orientation}
    elif _says_yes(row, "orientation_known"):
        axes = {AxisPair.POSTERIOR_ANTERIOR, AxisPair.INFERIOR_SUPERIOR}
    if _says_yes(row, "laterality_known"):
        axes.add(AxisPair.LEFT_RIGHT)
    return frozenset(axes)


def _says_yes(row: TableRow, column: str) -> bool:
    """Whether a column says yes; a reason may follow in brackets, as in "no (nominal)"."""
    word = (row.optional(column) or "no").split(" ")[0]
    if word not in ("yes", "no"):
        row.fail(f"expected yes or no in column {column!r}, got {row.optional(column)!r}")
    return word == "yes"
