# SPDX-License-Identifier: Apache-2.0
"""What was counted in a collection of annotated images, as values; who counts and who draws is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monai_medglip.data_engine.source_terms import SourceTerms
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology.concept import Level

__all__ = ["SIZE_BINS_PER_DECADE", "ConceptCount", "DataStatistics", "RecordCount", "SourceCount"]

SIZE_BINS_PER_DECADE = 4
"""Bins of a histogram of sizes: bin ``b`` holds the sizes from 10^(b/4) to below 10^((b+1)/4)."""


@dataclass(frozen=True)
class RecordCount:
    """Images that are alike.

    Attributes:
        source: the data set.
        modality: kind of imaging.
        spatial_dims: 2 for images, 3 for volumes.
        split: train, val or test.
        records: number of images.
    """

    source: str
    modality: Modality
    spatial_dims: int
    split: str
    records: int


@dataclass(frozen=True)
class ConceptCount:
    """How often one concept is drawn.

    Attributes:
        name: of the concept.
        level: what kind of thing it is.
        regions: number of its regions.
        records: number of images with one.
        sources: number of data sets with one.
    """

    name: str
    level: Level
    regions: int
    records: int
    sources: int


@dataclass(frozen=True)
class SourceCount:
    """One data set.

    Attributes:
        name: its short name.
        records: number of images and volumes.
        patients: number of patients.
        regions: number of regions.
        concepts: number of concepts that are drawn.
        terms: on which it may be used.
    """

    name: str
    records: int
    patients: int
    regions: int
    concepts: int
    terms: SourceTerms


@dataclass(frozen=True)
class DataStatistics:
    """What a collection consists of. Specks, which count neither as regions nor as background, are in `specks` alone.

    Attributes:
        records: images by source, modality, dimensions and split.
        sources: data sets, the one with most regions first.
        concepts: concepts, the most frequent first.
        levels: number of regions by modality and level.
        body_regions: number of images by body region, the most frequent first; None: it is not told.
        masks: number of regions with a mask; the others are boxes.
        specks: number of parts of masks that are too small to count.
        shares: number of regions by the bin of their box's share of the image, for 2 and for 3 dimensions.
        lengths_mm: number of regions by the bin of their box's longest side [mm], where the spacing is known.
        per_record: number of images by their number of regions.
        findings: number of rows of quality control that are not waived, by stage and check.
    """

    records: tuple[RecordCount, ...]
    sources: tuple[SourceCount, ...]
    concepts: tuple[ConceptCount, ...]
    levels: Mapping[tuple[Modality, Level], int]
    body_regions: Mapping[str | None, int]
    masks: int
    specks: int
    shares: Mapping[int, Mapping[int, int]]
    lengths_mm: Mapping[int, Mapping[int, int]]
    per_record: Mapping[int, int]
    findings: Mapping[tuple[str, str], int]

    @property
    def region_count(self) -> int:
        """Number of all regions."""
        return sum(concept.regions for concept in self.concepts)

    @property
    def patient_count(self) -> int:
        """Number of patients; one who is in two sources counts twice, as their hashes differ."""
        return sum(source.patients for source in self.sources)

    def record_count(self, *, spatial_dims: int | None = None) -> int:
        """Give the number of images and volumes, or of one of the two."""
        return sum(count.records for count in self.records if spatial_dims in (None, count.spatial_dims))
