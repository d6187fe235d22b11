# SPDX-License-Identifier: Apache-2.0
"""A public data set as values: what it is, how it is got, how it lies on disk, what its labels mean.

Cards are YAML files, read and checked by `read_card`; `catalog` has all of them by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monai_medglip.data_engine.adapters.adapter import Adapter
from monai_medglip.data_engine.adapters.registry import adapter_from_layout
from monai_medglip.data_engine.cards.card_label import CardLabel
from monai_medglip.data_engine.cards.derived_rules import derive_label_rules
from monai_medglip.data_engine.cards.terms import Access, CommercialUse
from monai_medglip.data_engine.label_rules import LabelRule, SourceFacts
from monai_medglip.errors import ConfigurationError
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology import Ontology

__all__ = ["Layout", "SourceCard"]


@dataclass(frozen=True)
class Layout:
    """How the files of a data set lie on disk, for a reader.

    Args:
        reader: the adapter's word in `adapters.registry`.
        confirmed: whether the layout was seen in code that reads it or in the files; else it is recalled.
        settings: values for the adapter's fields, by name.
    """

    reader: str
    confirmed: bool
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class SourceCard:
    """One public data set. What nobody could tell for certain is left out, or says "unknown".

    Args:
        name: short name; records bear it as their source.
        title: what the data set is called, and what it holds.
        modalities: kinds of imaging.
        dims: 2 for images, 3 for volumes.
        body_regions: what the images show, names of the ontology's body regions.
        home: where it is described.
        size: images or volumes and regions, in words.
        license: the terms in words.
        commercial_use: whether the terms allow it.
        access: what stands between a user and the files.
        how_to_get: the way to them, in words.
        on_disk: the files that are expected, a short tree in words.
        layout: the same for a reader; None where no reader knows the format.
        labels: what the source's values mean.
        left_out: values that name nothing that is drawn, such as "No finding".
        covers: wider concepts of which the labels are all kinds that the images show, so that an image without any of
            them lacks the wider thing too.
        wholes: concepts that their labeled parts make together.
        unpaired: concepts with a mirror image that the source does not label.
        known_axes: the patient's axes that the files tell.
        spacing_known: whether the stored spacing is the true one.
        splits: how the source divides its images.
        patients: how images of one patient are known.
        citation: what to cite.
        overlaps: names of other data sets that share images, and how.
        notes: what else a user must know.
    """

    name: str
    title: str
    modalities: tuple[Modality, ...]
    dims: tuple[int, ...]
    body_regions: tuple[str, ...]
    home: str
    license: str
    commercial_use: CommercialUse
    access: Access
    how_to_get: str
    on_disk: str
    citation: str
    labels: tuple[CardLabel, ...]
    layout: Layout | None = None
    size: str = "unknown"
    left_out: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    wholes: tuple[str, ...] = ()
    unpaired: tuple[str, ...] = ()
    known_axes: frozenset[AxisPair] = frozenset()
    spacing_known: bool = False
    splits: str = "unknown"
    patients: str = "unknown"
    overlaps: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def concepts(self) -> tuple[str, ...]:
        """The concepts that the labels name, each once, in the order of the card."""
        return tuple(dict.fromkeys(label.concept for label in self.labels))

    @property
    def exhaustive_concepts(self) -> tuple[str, ...]:
        """The concepts that an image without them lacks."""
        partly = {label.concept for label in self.labels if not label.exhaustive}
        return tuple(concept for concept in self.concepts if concept not in partly)

    def label_rules(self, ontology: Ontology) -> tuple[LabelRule, ...]:
        """Give what the labels mean for truth and training, by the card and the ontology.

        Returns:
            One rule per label, in the order of the card.

        Raises:
            OntologyError: when a label is no concept of this ontology.
        """
        return derive_label_rules(self, ontology)

    def adapter(self) -> Adapter:
        """Give the reader of the files on disk.

        Raises:
            ConfigurationError: when there is none for this form, or the layout is not what its reader takes.
        """
        if self.layout is None:
            raise ConfigurationError(
                f"expected a layout on the card of {self.name!r} to read its files, there is none; bring them into the "
                "form of a data folder, see docs/reference/data-folder.md"
            )
        # The modality of a source that has one; of several, the layout or the file tells.
        modality = self.modalities[0] if len(self.modalities) == 1 else Modality.UNKNOWN
        words = {"reader": self.layout.reader, **self.layout.settings}
        return adapter_from_layout(words, modality=modality, body_region=self.facts().body_region)

    def facts(self) -> SourceFacts:
        """Give what is known of the places in the images; several body regions are none for certain."""
        region = self.body_regions[0] if len(self.body_regions) == 1 else None
        return SourceFacts(self.name, region, self.known_axes, self.spacing_known)
