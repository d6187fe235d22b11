# SPDX-License-Identifier: Apache-2.0
"""Writes what an evaluator finds in unlabeled images: answers, pictures and masks as files."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from torch import Tensor

from monai_medglip.errors import ConfigurationError
from monai_medglip.grounding import Grounding, Status
from monai_medglip.inference.answer_files import AnswerFiles, check_writable
from monai_medglip.inference.answer_reader import AnswerReader
from monai_medglip.inference.grounding_jobs import GroundingJob
from monai_medglip.inference.placed_scan import PlacedScan

__all__ = ["GroundingWriterHandler"]

logger = logging.getLogger(__name__)

_OF_IMAGE = ("alignment", "quality", "boxes", "masks", "presence", "modality", "phrase_valid")
_OF_PHRASE = tuple(key for key in _OF_IMAGE if key != "modality")


class GroundingWriterHandler:
    """Turns the network's answers into groundings in the images' own pixels and writes them.

    Each image gets the files of `AnswerFiles`, as with ``medglip ground``: JSON, picture, masks and, where its place in
    the patient is known, markups. Files of an earlier run are replaced, other files never.

    Args:
        output_dir: where the files go; it is made when it is not there.
        reader: reads the network's answers, as `Grounder` does.
        threshold: calibrated score from which boxes are kept, [0, 1]; None takes the reader's.

    Raises:
        ConfigurationError: when the threshold is not in [0, 1].
    """

    def __init__(self, output_dir: str | Path, reader: AnswerReader, threshold: float | None = None) -> None:
        if threshold is not None and not 0 <= threshold <= 1:
            raise ConfigurationError(f"threshold must lie in [0, 1], got {threshold}")
        self.output_dir, self.reader, self.threshold = Path(output_dir), reader, threshold

    def attach(self, engine: Engine) -> None:
        """Write after every iteration of ``engine``, an evaluator of batches from `collate_scans`."""
        engine.add_event_handler(Events.STARTED, lambda: check_writable(self.output_dir))
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._write_batch)

    def _write_batch(self, engine: Engine) -> None:
        batch: Mapping[str, Any] = engine.state.batch  # type: ignore[assignment]
        prediction = engine.state.output["pred"]  # type: ignore[index]
        for index, (job, placed) in enumerate(zip(batch["jobs"], batch["placed"], strict=True)):
            answer = _of_image(prediction, index, len(job.question.phrases))
            placed = placed.with_predicted_modality(answer["modality"][0])
            grounding = self.reader.read(answer, placed, job.question.phrases, threshold=self.threshold)
            self._write(job, placed, grounding)

    def _write(self, job: GroundingJob, placed: PlacedScan, grounding: Grounding) -> None:
        files = AnswerFiles(self.output_dir, job.name)
        files.read()  # refuses to replace what is no earlier answer, the image itself for one
        files.write(placed.scan, grounding)
        found = sum(status is Status.FOUND for status in grounding.status)
        logger.info("%s: found %d of %d phrases", job.image, found, len(grounding.phrases))


def _of_image(prediction: Mapping[str, Tensor], index: int, phrases: int) -> dict[str, Tensor]:
    """The network's dictionary for one image of a batch, without the padding of other images' phrases."""
    own = {key: value[index : index + 1] if key in _OF_IMAGE else value for key, value in prediction.items()}
    return {key: value[:, :phrases] if key in _OF_PHRASE else value for key, value in own.items()}
