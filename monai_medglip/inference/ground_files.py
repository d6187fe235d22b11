# SPDX-License-Identifier: Apache-2.0
"""Grounding image files one after another into a folder of answers; what is asked is settled in `grounding_jobs`.

An image whose answers say that the same file was asked the same by the same weights is not asked again, so a run that
was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from monai_medglip.errors import ImageReadError, MedGLIPError, OutputError
from monai_medglip.grounding import Grounding
from monai_medglip.inference.answer_files import AnswerFiles
from monai_medglip.inference.grounder import Grounder
from monai_medglip.inference.grounding_jobs import GroundingJob
from monai_medglip.readers import read_image

__all__ = ["FileGrounder", "FileOutcome", "Outcome"]


class Outcome(str, Enum):
    """What became of a job."""

    DONE = "done"
    UNCHANGED = "unchanged"
    """The answers were there already, for the same file, question and weights."""
    FAILED = "failed"


@dataclass(frozen=True)
class FileOutcome:
    """What became of one image.

    Attributes:
        job: the image and what it was asked.
        outcome: whether there are answers.
        seconds: how long it took [s].
        grounding: the answers, None where it failed.
        files: the files of the answers.
        remark: why it failed, or what could not be written.
    """

    job: GroundingJob
    outcome: Outcome
    seconds: float
    grounding: Grounding | None = None
    files: tuple[Path, ...] = ()
    remark: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give plain values for a report, with the checksums of all files."""
        return {
            "image": str(self.job.image),
            "image_sha256": None if self.grounding is None else self.grounding.provenance["image_sha256"],
            **self.job.question.to_dict(),
            "outcome": self.outcome.value,
            "seconds": self.seconds,
            "files": {path.name: _sha256(path) for path in self.files},
            "remark": self.remark,
        }


class FileGrounder:
    """Grounds image files and writes the answers to one folder.

    Args:
        grounder: the model.
        folder: where the answers go, see `check_writable`.
        threshold: calibrated score from which boxes are kept, [0, 1]; None takes the bundle's.
    """

    def __init__(self, grounder: Grounder, folder: str | Path, *, threshold: float | None = None) -> None:
        self.grounder, self.folder, self.threshold = grounder, Path(folder), threshold

    def ground(self, job: GroundingJob) -> FileOutcome:
        """Answer one job; what is wrong with its image or its files becomes part of the outcome."""
        start = time.perf_counter()
        files = AnswerFiles(self.folder, job.name)
        try:
            settings = self._settings(job)
            answers = _earlier(files, job, settings)
            outcome, remark = Outcome.UNCHANGED, ""
            if answers is None:
                outcome = Outcome.DONE
                answers, remark = self._answer(job, files, settings)
        except MedGLIPError as error:
            return FileOutcome(job, Outcome.FAILED, time.perf_counter() - start, remark=str(error))
        return FileOutcome(job, outcome, time.perf_counter() - start, answers, files.present, remark)

    def _answer(self, job: GroundingJob, files: AnswerFiles, settings: dict[str, Any]) -> tuple[Grounding, str]:
        scan = read_image(job.image, modality=job.question.modality)
        encoded = self.grounder.encode(scan, body_region=job.question.body_region)
        found = self.grounder.ask(encoded, job.question.phrases, threshold=self.threshold)
        answers = replace(found, provenance={**found.provenance, **settings})
        return answers, files.write(scan, answers)

    def _settings(self, job: GroundingJob) -> dict[str, Any]:
        """Give what decides the answers: with the same values they would come out the same."""
        threshold = self.grounder.operating_threshold if self.threshold is None else self.threshold
        return {
            **self.grounder.bundle.provenance(),
            "threshold": threshold,
            "question": job.question.to_dict(),
            "image_sha256": _image_sha256(job.image),
        }


def _earlier(files: AnswerFiles, job: GroundingJob, settings: dict[str, Any]) -> Grounding | None:
    """Give the answers of an earlier run where they are whole and the same; never replace those of another image."""
    if job.image.resolve() in [path.resolve() for path in files.paths]:
        raise OutputError(f"expected to write {job.image}, but that is the image itself; choose another folder")
    earlier = files.read()
    if earlier is None:
        return None
    before = earlier.provenance
    checksum = settings["image_sha256"]
    if str(job.image) != before.get("image") and (checksum is None or checksum != before.get("image_sha256")):
        raise OutputError(
            f"expected {files.answers} to be of {job.image}, it is of {before.get('image')}; choose another folder"
        )
    is_same = checksum is not None and all(before.get(key) == value for key, value in settings.items())
    return earlier if is_same and files.are_whole(earlier) else None


def _image_sha256(image: Path) -> str | None:
    """Give the checksum of an image file, None for the folder of a series."""
    try:
        return _sha256(image) if image.is_file() else None
    except OSError as error:
        raise ImageReadError(f"{image}: expected a file that can be read, the system says: {error}") from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
