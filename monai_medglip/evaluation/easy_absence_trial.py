# SPDX-License-Identifier: Apache-2.0
"""Does a phrase that an image cannot show stay silent? Best scores of easy-absent phrases against the threshold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from monai_medglip.data_engine import Record
from monai_medglip.evaluation.share import Count, share
from monai_medglip.ontology import Ontology

__all__ = ["EasyAbsenceTrial"]


@dataclass
class EasyAbsenceTrial:
    """Collects one number per image and easy-absent phrase: 1 when its best score stays under the threshold.

    Attributes:
        threshold: calibrated score from which the product shows a box.
        ontology: tells why the image cannot show the phrase.
        counts: by modality and by reason.
    """

    threshold: float
    ontology: Ontology
    counts: list[tuple[str, str, Count]] = field(default_factory=list)

    def add(self, record: Record, concept: str, best_score: float) -> None:
        """Add the best score of a phrase that the image cannot show."""
        other_modality = not self.ontology.can_show(concept, record.modality, None)
        reason = "another_modality" if other_modality else "another_body_region"
        count = Count(record.source, record.patient, float(best_score < self.threshold))
        self.counts.append((record.modality.value, reason, count))

    def results(self) -> dict[str, Any]:
        """Return the share of silent phrases, over all, by reason and per modality of the image."""
        modalities = sorted({modality for modality, _, _ in self.counts})
        reasons = sorted({reason for _, reason, _ in self.counts})
        return {
            "all": share([count for _, _, count in self.counts]),
            "by_reason": {why: share([count for _, reason, count in self.counts if reason == why]) for why in reasons},
            "per_modality": {m: share([count for own, _, count in self.counts if own == m]) for m in modalities},
        }
