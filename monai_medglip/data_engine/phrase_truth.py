# SPDX-License-Identifier: Apache-2.0
"""What is true of a phrase's concept in an image: the regions that it names, their mask, what is ignored, absence.

The rules are those of ``docs/decisions/0005-absence.md``, kept by `source_concepts`; here regions become instances.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monai_medglip.data_engine.instances import bounds_of
from monai_medglip.data_engine.record import Record, Region
from monai_medglip.data_engine.source_concepts import Presence, SourceConcepts
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.ontology import Ontology

if TYPE_CHECKING:
    from monai_medglip.data_engine.grounding_data import GroundingData

__all__ = ["PhraseTruth", "Presence", "phrase_truth"]


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


def phrase_truth(
    folder: GroundingData, record: Record, regions: Sequence[Region], concept_name: str, ontology: Ontology
) -> PhraseTruth:
    """Give what is true of a concept in an image.

    Args:
        folder: tells the rules of the image's source.
        record: the image.
        regions: its regions, as `GroundingData.regions` gives them.
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
