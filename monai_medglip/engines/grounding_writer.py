# SPDX-License-Identifier: Apache-2.0
"""Writes what an evaluator finds in unlabeled images: answers, pictures and masks as files."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ignite.engine import Engine, Events
from torch import Tensor

from monai_medglip.errors import ConfigurationError, OutputError
from monai_medglip.grounding import Grounding, Status, write_json, write_nifti_masks
from monai_medglip.inference.answer_reader import AnswerReader
from monai_medglip.inference.grounding_jobs import GroundingJob
from monai_medglip.inference.placed_scan import PlacedScan
from monai_medglip.visualize import write_overlay

__all__ = ["GroundingWriterHandler"]

logger = logging.getLogger(__name__)

_OF_IMAGE = ("alignment", "quality", "boxes", "masks", "presence", "modality", "phrase_valid")
_OF_PHRASE = tuple(key for key in _OF_IMAGE if key != "modality")


class GroundingWriterHandler:
    """Turns the network's answers into groundings in the images' own pixels and writes them.

    Each image gets ``NAME.json`` (everything), ``NAME.png`` (the picture) and ``NAME.nii.gz`` with ``NAME.labels.json``
    (the masks).

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
        self.output_dir.mkdir(parents=True, exist_ok=True)
        draft = self.output_dir / job.name
        if job.image.resolve() in (Path(f"{draft}{suffix}").resolve() for suffix in (".png", ".nii.gz")):
            raise OutputError(f"expected an output folder apart from the images, {job.image} would be overwritten")
        write_json(f"{draft}.json", grounding)
        write_overlay(f"{draft}.png", placed.scan, grounding)
        write_nifti_masks(f"{draft}.nii.gz", grounding)
        found = sum(status is Status.FOUND for status in grounding.status)
        logger.info("%s: found %d of %d phrases", job.image, found, len(grounding.phrases))


def _of_image(prediction: Mapping[str, Tensor], index: int, phrases: int) -> dict[str, Tensor]:
    """The network's dictionary for one image of a batch, without the padding of other images' phrases."""
    own = {key: value[index : index + 1] if key in _OF_IMAGE else value for key, value in prediction.items()}
    return {key: value[:, :phrases] if key in _OF_PHRASE else value for key, value in own.items()}
