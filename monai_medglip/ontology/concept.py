# SPDX-License-Identifier: Apache-2.0
"""A medical concept, one row of the concept table; not its place among the others (`hierarchy`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from monai_medglip.imaging.modality import Modality

__all__ = ["Code", "Concept", "Level", "Mirror", "Side"]


class Level(str, Enum):
    """What kind of thing a concept is."""

    BODY_REGION = "body region"
    ORGAN = "organ"
    STRUCTURE = "structure"
    FINDING = "finding"
    LESION = "lesion"
    DEVICE = "device"
    CELL = "cell"


class Side(str, Enum):
    """Side of the patient, never of the picture."""

    NONE = "none"
    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"

    @property
    def opposite(self) -> Side:
        """The side after a reflection along the patient's left-right axis."""
        return {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}.get(self, self)


class Mirror(str, Enum):
    """What a reflection along the patient's left-right axis does to an image with a label."""

    SWAP = "swap"
    """The image stays possible; the words left and right change places."""
    FIXED = "fixed"
    """The image would show what no patient has: forbidden."""
    FREE = "free"
    """Nothing: the label has no side."""


@dataclass(frozen=True)
class Code:
    """A code of a public terminology, as DICOM writes it: scheme, value, meaning, and at times a side as modifier."""

    scheme: str
    value: str
    meaning: str
    modifier_value: str | None = None
    modifier_meaning: str | None = None


@dataclass(frozen=True)
class Concept:
    """A thing that a phrase can name.

    Attributes:
        name: the name that labels and results use; lower case, unique.
        level: what kind of thing it is.
        is_a: broader concepts; every left lung is a lung.
        part_of: the wholes; the anterior hippocampus is part of the hippocampus.
        located_in: where it is found without being part of it; a lung tumor in a lung.
        side: the patient's side that the name tells.
        mirror_of: the concept of the other side, when a reflection turns one into the other.
        modalities: the modalities that can show it; empty: those of what it is or is part of.
        body_regions: the body regions where it lies; empty: those of what it is or is part of.
        synonyms: other names.
        held_out_names: names that training never uses; they measure unseen wording.
        plural: names of several of it.
        adjectives: names made with an adjective ("cardiac silhouette").
        codes: codes of public terminologies.
    """

    name: str
    level: Level
    is_a: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    located_in: tuple[str, ...] = ()
    side: Side = Side.NONE
    mirror_of: str | None = None
    modalities: frozenset[Modality] = frozenset()
    body_regions: frozenset[str] = frozenset()
    synonyms: tuple[str, ...] = ()
    held_out_names: tuple[str, ...] = ()
    plural: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    codes: tuple[Code, ...] = ()

    @property
    def training_names(self) -> tuple[str, ...]:
        """The names written in the table that training may use, the name itself first."""
        return (self.name, *self.synonyms, *self.adjectives, *self.plural)
