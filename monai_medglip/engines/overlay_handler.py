# SPDX-License-Identifier: Apache-2.0
"""Pictures of validation images with truth and prediction, in TensorBoard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.handlers import TensorBoardHandler

from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Grounding, Status, Support
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.inference.candidates import select_candidates
from monai_medglip.phrases import Phrase
from monai_medglip.visualize import overlay

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["OverlayHandler"]


class OverlayHandler(TensorBoardHandler):
    """Draws the first images of some validation batches, evenly spread over the set.

    Args:
        summary_writer: TensorBoard's writer, to be shared with other handlers; None makes one for ``log_dir``.
        log_dir: TensorBoard folder, where no writer is given.
        images: pictures per validation.
        threshold: raw score from which a box is drawn, [0, 1].
        most_phrases: phrases drawn in one picture.
    """

    def __init__(
        self,
        summary_writer: SummaryWriter | None = None,
        log_dir: str | Path = "runs",
        *,
        images: int = 6,
        threshold: float = 0.3,
        most_phrases: int = 6,
    ) -> None:
        super().__init__(summary_writer, str(log_dir))
        self.images = images
        self.threshold, self.most_phrases = threshold, most_phrases

    def attach(self, engine: Engine) -> None:
        """Draw after the iterations of ``engine``, an evaluator."""
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._draw)

    def _draw(self, engine: Engine) -> None:
        state = engine.state
        every = max((state.epoch_length or 1) // self.images, 1)
        position = (state.iteration - 1) % (state.epoch_length or 1)
        if position % every:
            return
        picture = self._picture(state.batch, state.output)  # type: ignore[arg-type]
        self._writer.add_image(f"validation/{position // every}", picture, state.epoch, dataformats="HWC")
        self._writer.flush()

    def _picture(self, batch: dict[str, Any], output: dict[str, Any]) -> np.ndarray[Any, Any]:
        image = batch["image"][0]
        candidates = next(iter(select_candidates(output["pred"], batch["valid_region"])))
        truth = batch["targets"][0]
        present = torch.nonzero(truth["presence"] > 0).flatten()[: self.most_phrases].tolist()
        phrases = tuple(batch["phrases"][0][i] for i in present)
        frame = Frame.pixel(tuple(image.shape[1:]))
        pixels = ((image.float().clamp(-1, 1) + 1) * 127.5).to(torch.uint8).cpu().numpy()
        scan = Scan(pixels, frame, Modality.UNKNOWN, ImageSource(None))
        shown = candidates.scores >= self.threshold
        boxes, rows, scores = candidates.boxes[shown], candidates.phrase[shown], candidates.scores[shown]
        presence = output["pred"]["presence"][0, present].float().sigmoid().cpu().numpy()
        predicted = _grounding(frame, phrases, present, boxes, rows, scores, presence)
        certain = torch.ones(len(truth["boxes"]))
        drawn = _grounding(frame, phrases, present, truth["boxes"], truth["box_phrase"], certain, np.ones(len(present)))
        return overlay(scan, predicted, truth=drawn)


def _grounding(
    frame: Frame,
    phrases: Sequence[Phrase],
    asked: list[int],
    boxes: torch.Tensor,
    phrase: torch.Tensor,
    scores: torch.Tensor,
    presence: np.ndarray[Any, Any],
) -> Grounding:
    """Boxes of the asked phrases; what has none is not called absent, since no threshold was chosen yet."""
    rows = [row for row, index in enumerate(phrase.tolist()) if index in asked]
    index = np.array([asked.index(int(phrase[row])) for row in rows], dtype=np.int64)
    return Grounding(
        boxes=Boxes(boxes.cpu().double().numpy()[rows], frame),
        scores=scores.cpu().double().numpy()[rows],
        phrase_index=index,
        phrases=tuple(phrases),
        presence=presence,
        status=tuple(Status.FOUND if i in index else Status.UNSUPPORTED for i in range(len(phrases))),
        support=(Support.VALIDATED,) * len(phrases),
    )
