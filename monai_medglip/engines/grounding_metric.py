# SPDX-License-Identifier: Apache-2.0
"""The score of `monai_medglip.metrics.GroundingScore` as an ignite metric, the key metric of training."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ignite.engine import Engine
from ignite.metrics import Metric
from torch import Tensor

from monai_medglip.inference.candidates import CandidateSettings, select_candidates
from monai_medglip.metrics.grounding_score import GroundingScore

__all__ = ["GroundingMetric"]


class GroundingMetric(Metric):
    """Mean of AP50 over phrases with boxes and of Dice over phrases with masks, on the canvas.

    Larger is better. AP50 is that of predicted sides; Dice speaks for boxes that are taken from masks too. Phrases are
    told apart by source and concept, since the same words are easy in one data set and hard in another.

    Args:
        settings: how candidates are chosen.
    """

    def __init__(self, settings: CandidateSettings | None = None) -> None:
        self.settings = settings
        super().__init__(output_transform=_prediction_and_truth)

    def reset(self) -> None:
        """Forget all rows."""
        self._score = GroundingScore()

    def attach(self, engine: Engine, name: str, *args: Any, **kwargs: Any) -> None:
        """Attach to ``engine`` as ``name``, with the batch beside the output."""
        self._engine = engine
        super().attach(engine, name, *args, **kwargs)

    def update(self, output: tuple[dict[str, Tensor], list[dict[str, Tensor]]]) -> None:
        """Add a batch: the network's dictionary and the targets, as MONAI's evaluator leaves them (decollate off)."""
        prediction, targets = output
        batch = self._engine.state.batch
        candidates = select_candidates(prediction, batch["valid_region"], self.settings)  # type: ignore[index]
        for index, (found, truth) in enumerate(zip(candidates, targets, strict=True)):
            source = batch["records"][index].source  # type: ignore[index]
            for position, phrase in enumerate(batch["phrases"][index]):  # type: ignore[index]
                key = (source, phrase.concept or phrase.text)
                mask = prediction["masks"][index, position]
                self._add(key, position, found, truth, mask)

    def _add(self, key: tuple[str, str], position: int, found: Any, truth: dict[str, Tensor], mask: Tensor) -> None:
        presence = float(truth["presence"][position])
        if presence < 0:
            return
        of_phrase = truth["box_phrase"] == position
        if presence > 0 and truth["mask_known"][position]:
            self._score.add_mask(key, _array(mask) > 0, _array(truth["masks"][position]) > 0.5)
        if presence > 0 and not of_phrase.any():
            return
        rows = found.phrase == position
        ignored = truth["ignore_boxes"][truth["ignore_phrase"] == position]
        self._score.add_boxes(
            key,
            _array(found.boxes[rows]),
            _array(found.scores[rows]),
            truth=_array(truth["boxes"][of_phrase]),
            ignore=_array(ignored),
        )

    def compute(self) -> float:
        """Give the score over all processes."""
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            rows: list[Any] = [None] * torch.distributed.get_world_size()
            torch.distributed.all_gather_object(rows, self._score.rows)
            return GroundingScore([row for part in rows for row in part]).compute()
        return self._score.compute()


def _prediction_and_truth(output: dict[str, Any]) -> tuple[dict[str, Tensor], list[dict[str, Tensor]]]:
    return output["pred"], output["label"]


def _array(tensor: Tensor) -> np.ndarray[Any, Any]:
    return tensor.detach().float().cpu().numpy()
