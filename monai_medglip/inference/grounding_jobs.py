# SPDX-License-Identifier: Apache-2.0
"""Which image files are asked what: files, folders and tables become jobs; no image is read and nothing is asked.

A job has a name that no other job has, so that the answers of equally named images in different folders lie side by
side in one folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.tables import TableRow, read_table
from monai_medglip.errors import ConfigurationError, DataError, ImageReadError, MedGLIPError, PhraseError
from monai_medglip.imaging import Modality
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import Phrase, find_phrases, parse_phrase
from monai_medglip.readers.format_detection import image_stem, is_image_file

__all__ = ["GroundingJob", "Question", "grounding_jobs", "output_names"]

_TABLE_SUFFIX = ".csv"
_PHRASE_SEPARATOR = ";"


@dataclass(frozen=True)
class Question:
    """What an image is asked, and what is said of it.

    Attributes:
        phrases: what to look for.
        caption: the sentence that the phrases come from, None where they were given one by one.
        modality: overrules what the file says of itself.
        body_region: a body region of the ontology.
    """

    phrases: tuple[Phrase, ...] = ()
    caption: str | None = None
    modality: Modality | None = None
    body_region: str | None = None

    @classmethod
    def parse(
        cls,
        phrases: Sequence[str] = (),
        *,
        caption: str | None = None,
        modality: str | None = None,
        body_region: str | None = None,
    ) -> Question:
        """Build from words.

        Args:
            phrases: texts.
            caption: a sentence instead; its phrases are those that the ontology knows.
            modality: a code or a name, see `Modality.parse`.
            body_region: a body region of the ontology.

        Returns:
            The question; without phrases and caption, one that only says what is known of the images.

        Raises:
            PhraseError: when a phrase cannot be asked, both kinds are given, or the caption names nothing.
            ConfigurationError: when modality or body region is none.
        """
        if phrases and caption is not None:
            raise PhraseError("expected either phrases or a caption, got both; leave one of them out")
        regions = Ontology.default().body_regions
        if body_region is not None and body_region not in regions:
            raise ConfigurationError(f"expected a body region, one of {', '.join(regions)}; got {body_region!r}")
        asked = [parse_phrase(text) for text in phrases] if caption is None else _in_caption(caption)
        return cls(tuple(asked), caption, None if modality is None else Modality.parse(modality), body_region)

    def to_dict(self) -> dict[str, Any]:
        """Give plain values that JSON can hold."""
        return {
            "phrases": [phrase.text for phrase in self.phrases],
            "caption": self.caption,
            "modality": None if self.modality is None else self.modality.value,
            "body_region": self.body_region,
        }


@dataclass(frozen=True)
class GroundingJob:
    """One image and what it is asked.

    Attributes:
        image: the file.
        question: what it is asked.
        name: what its answers are called, without suffix; unique among the jobs that were listed together.
    """

    image: Path
    question: Question
    name: str


def grounding_jobs(inputs: Sequence[Path], question: Question, *, output: Path | None = None) -> list[GroundingJob]:
    """Give the jobs of files, folders and tables.

    A folder stands for the images in it and below, each file one image; hidden files are left out. A table (``.csv``)
    has the columns ``image`` (relative to the table) and, where wanted, ``phrases`` (separated by ``;``), ``modality``
    and ``body_region``; what a row leaves empty is taken from ``question``.

    Args:
        inputs: the paths; a missing one becomes a job that fails when it is read.
        question: what is asked of images that no table says more about.
        output: a folder whose content is never an input.

    Returns:
        The jobs in order, every image and question once.

    Raises:
        DataError: when a table cannot be read or a row of it makes no sense.
        ImageReadError: when a folder holds no image.
        PhraseError: when an image is asked nothing.
    """
    asked: dict[tuple[Path, Question], Path] = {}
    for path in inputs:
        for image, its_question in _images(path, question, output):
            if not its_question.phrases:
                raise PhraseError(f"{image}: expected something to look for, got no phrase; give phrases or a caption")
            asked.setdefault((image.resolve(), its_question), image)
    images = list(asked.values())
    questions = [its_question for _, its_question in asked]
    return [GroundingJob(*job) for job in zip(images, questions, output_names(images), strict=True)]


def output_names(images: Sequence[Path]) -> list[str]:
    """Give each image a name of its own: its stem, with its folders before it where stems are equal.

    Example:
        >>> output_names([Path("a/x.png"), Path("b/x.png"), Path("b/y.nii.gz"), Path("b/y.png")])
        ['a_x', 'b_x', 'y', 'y_2']
    """
    folders: dict[str, list[Path]] = {}
    for image in images:
        folders.setdefault(image_stem(image).casefold(), []).append(image.absolute().parent)
    common = {stem: Path(os.path.commonpath(shared)) for stem, shared in folders.items() if len(shared) > 1}
    names: list[str] = []
    taken: set[str] = set()
    for image in images:
        stem = image_stem(image)
        shared = common.get(stem.casefold())
        wished = stem if shared is None else "_".join([*image.absolute().parent.relative_to(shared).parts, stem])
        name, number = wished, 2
        while taken.intersection(_claims(name)):
            name, number = f"{wished}_{number}", number + 1
        taken.update(_claims(name))
        names.append(name)
    return names


def _claims(name: str) -> set[str]:
    """Give what no other name may be, also where upper and lower case are the same; two files have double suffixes."""
    return {(name + suffix).casefold() for suffix in ("", ".labels", ".mrk")}


def _in_caption(caption: str) -> list[Phrase]:
    found = find_phrases(caption)
    if not found:
        raise PhraseError(
            f"expected a caption that names something the ontology knows, got {caption!r}; give phrases instead"
        )
    return found


def _images(path: Path, question: Question, output: Path | None) -> Iterator[tuple[Path, Question]]:
    if path.suffix.casefold() == _TABLE_SUFFIX and path.is_file():
        for row in read_table(path, ["image"], delimiter=","):
            yield path.parent / row.required("image"), _question_of_row(row, question)
    elif path.is_dir():
        for image in _images_below(path, output):
            yield image, question
    else:
        yield path, question


def _images_below(folder: Path, output: Path | None) -> list[Path]:
    try:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _is_hidden(path, folder)]
        excluded = None if output is None else output.resolve()
        images = [path for path in files if excluded not in path.resolve().parents and is_image_file(path)]
    except OSError as error:
        raise ImageReadError(f"{folder}: expected a folder that can be read, the system says: {error}") from error
    if not images:
        raise ImageReadError(f"{folder}: expected images in this folder or below, found none among {len(files)} files")
    return images


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _question_of_row(row: TableRow, question: Question) -> Question:
    try:
        own = Question.parse(
            [text for text in (row.optional("phrases") or "").split(_PHRASE_SEPARATOR) if text.strip()],
            modality=row.optional("modality"),
            body_region=row.optional("body_region"),
        )
    except DataError:
        raise
    except MedGLIPError as error:
        row.fail(str(error))
    if not (own.phrases or question.phrases):
        row.fail("expected phrases in column 'phrases', or for all rows beside the table; got none")
    return replace(
        question,
        phrases=own.phrases or question.phrases,
        caption=None if own.phrases else question.caption,
        modality=own.modality or question.modality,
        body_region=own.body_region or question.body_region,
    )
