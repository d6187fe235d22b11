# SPDX-License-Identifier: Apache-2.0
"""Does another wording of a thing find it as well? The best box by the name against the best box by each form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import numpy as np

from monai_medglip.data_engine import Record
from monai_medglip.data_engine.phrase_truth import PhraseTruth
from monai_medglip.evaluation.share import Count, relative_loss, share
from monai_medglip.evaluation.trial_subject import TopBox
from monai_medglip.metrics.box_matching import match_boxes
from monai_medglip.metrics.recall_at_one import top_box_iou
from monai_medglip.ontology import Concept, Ontology

__all__ = ["FormKind", "WordingTrial", "forms_of"]

WORST = 10
"""Forms that are named because they lose most."""


class FormKind(str, Enum):
    """How a form differs from the name."""

    SYNONYM = "synonym"
    PLURAL = "plural"
    ADJECTIVE = "adjective"
    SIDE_FORM = "side_form"
    HELD_OUT = "held_out"


def forms_of(concept: Concept, ontology: Ontology) -> dict[str, FormKind]:
    """Return every form of a concept but its name, with its kind; the forms that training never used are held out."""
    kinds = {
        **dict.fromkeys(ontology.names(concept.name), FormKind.SIDE_FORM),
        **dict.fromkeys(concept.plural, FormKind.PLURAL),
        **dict.fromkeys(concept.adjectives, FormKind.ADJECTIVE),
        **dict.fromkeys(concept.synonyms, FormKind.SYNONYM),
        **dict.fromkeys(ontology.names(concept.name, held_out=True), FormKind.HELD_OUT),
    }
    kinds.pop(concept.name, None)
    return kinds


@dataclass
class WordingTrial:
    """Collects how well each form of each concept was found.

    Attributes:
        rows: per ``(concept, form)`` its kind and, image by image, the IoU by the name and by the form.
    """

    rows: dict[tuple[str, str], list[tuple[FormKind, Count, Count]]] = field(default_factory=lambda: defaultdict(list))

    def add(
        self,
        record: Record,
        concept: str,
        truth: PhraseTruth,
        *,
        by_name: TopBox,
        by_form: Mapping[str, tuple[FormKind, TopBox]],
    ) -> None:
        """Add one concept of one image, with its best box by the name and by every form."""
        name = Count(record.source, record.patient, _iou(by_name, truth))
        for form, (kind, top) in by_form.items():
            count = Count(record.source, record.patient, _iou(top, truth))
            self.rows[concept, form].append((kind, name, count))

    def results(self) -> dict[str, Any]:
        """Return for each kind, and for all forms that training used, both means and the relative loss."""
        parts = {kind.value: [kind] for kind in FormKind}
        parts["all_training_forms"] = [kind for kind in FormKind if kind is not FormKind.HELD_OUT]
        found = {name: self._of(kinds) for name, kinds in parts.items()}
        return {**{name: part for name, part in found.items() if part}, "worst_forms": self._worst()}

    def _of(self, kinds: Sequence[FormKind]) -> dict[str, Any]:
        rows = [row for rows in self.rows.values() for row in rows if row[0] in kinds]
        if not rows:
            return {}
        forms = [key for key, own in self.rows.items() if own[0][0] in kinds]
        names, counts = [name for _, name, _ in rows], [count for _, _, count in rows]
        return {
            "concepts": len({concept for concept, _ in forms}),
            "forms": len(forms),
            "mIoU_by_name": share(names),
            "mIoU_by_form": share(counts),
            "relative_loss": relative_loss(names, counts),
        }

    def _worst(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = [
            {
                "concept": concept,
                "form": form,
                "kind": rows[0][0].value,
                "mIoU_by_name": float(np.mean([name.value for _, name, _ in rows])),
                "mIoU_by_form": float(np.mean([count.value for _, _, count in rows])),
            }
            for (concept, form), rows in self.rows.items()
        ]
        return sorted(listed, key=lambda row: row["mIoU_by_form"] - row["mIoU_by_name"])[:WORST]


def _iou(top: TopBox, truth: PhraseTruth) -> float:
    if top.box is None:
        return 0.0
    return top_box_iou(
        match_boxes([top.box], [top.score], [region.box for region in truth.instances], thresholds=[0.5])
    )
