# SPDX-License-Identifier: Apache-2.0
"""The answer to phrases asked of an image: regions, scores, presence and masks; no producer, file format or drawing.

Why one table of rows and one table of phrases: ``docs/decisions/0002-result-type.md``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import GeometryError, PhraseError
from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding.checks import check_length, check_masks, plain_provenance, probabilities
from monai_medglip.grounding.region import GroundedRegion
from monai_medglip.grounding.status import Status, Support
from monai_medglip.imaging import MaskRLE
from monai_medglip.phrases import Phrase

__all__ = ["Grounding"]

_PHRASES_SHOWN = 12

RowIndex = slice | Sequence[bool] | Sequence[int] | npt.NDArray[np.bool_] | npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class Grounding:
    """Regions of one image that phrases name, with N rows of regions and P phrases.

    Every array is copied and made read-only; selecting rows or phrases gives a new object. N and P may be 0.

    Attributes:
        boxes: the regions' boxes ``(N, 2D)`` with the frame of the image.
        scores: ``(N,)`` calibrated probabilities in ``[0, 1]``.
        phrase_index: ``(N,)`` for each row its phrase, in ``[0, P)``.
        phrases: the P phrases, in the order they were asked.
        presence: ``(P,)`` probability in ``[0, 1]`` that the image shows it; NaN where the question does not apply.
        status: the P answers.
        support: for each of the P phrases, how well its wording was tested.
        instance_masks: N masks of single regions, None where there is none; ``()`` stands for none at all.
        phrase_masks: P masks of all that a phrase names, None where there is none; ``()`` stands for none at all.
        provenance: plain values (what JSON can hold) that say where this comes from: model, version, settings.

    Raises:
        GeometryError: when lengths, frames or masks do not fit each other, or a score is no probability.
        PhraseError: when a row names a phrase that is not there.
    """

    boxes: Boxes
    scores: npt.NDArray[np.float64]
    phrase_index: npt.NDArray[np.int64]
    phrases: tuple[Phrase, ...]
    presence: npt.NDArray[np.float64]
    status: tuple[Status, ...]
    support: tuple[Support, ...]
    instance_masks: tuple[MaskRLE | None, ...] = ()
    phrase_masks: tuple[MaskRLE | None, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check everything against everything, so that a constructed grounding is a valid one."""
        rows, phrases = len(self.boxes), tuple(self.phrases)
        count = len(phrases)
        shape = self.boxes.frame.shape
        self._set("phrases", phrases)
        self._set("scores", probabilities("scores", self.scores, rows, "boxes", nan_allowed=False))
        self._set("presence", probabilities("presence", self.presence, count, "phrases", nan_allowed=True))
        self._set("phrase_index", _checked_phrase_index(self.phrase_index, rows, count))
        self._set("status", tuple(Status(status) for status in self.status))
        self._set("support", tuple(Support(support) for support in self.support))
        check_length("status", len(self.status), count, "phrases")
        check_length("support", len(self.support), count, "phrases")
        self._set("instance_masks", check_masks("instance_masks", self.instance_masks, rows, "boxes", shape))
        self._set("phrase_masks", check_masks("phrase_masks", self.phrase_masks, count, "phrases", shape))
        self._set("provenance", plain_provenance(self.provenance))

    @classmethod
    def empty(
        cls,
        frame: Frame,
        phrases: Sequence[Phrase] = (),
        *,
        status: Status = Status.UNSUPPORTED,
        support: Support = Support.UNSEEN,
        provenance: Mapping[str, Any] | None = None,
    ) -> Grounding:
        """Give a grounding without regions: by default one that knows nothing of its phrases.

        Args:
            frame: the grid of the image.
            phrases: the phrases that were asked.
            status: the answer to all of them.
            support: how well all of them were tested.
            provenance: where this comes from.

        Returns:
            N = 0 rows, P phrases, presence NaN.
        """
        count = len(phrases)
        return cls(
            boxes=Boxes.empty(frame),
            scores=np.zeros(0),
            phrase_index=np.zeros(0, np.int64),
            phrases=tuple(phrases),
            presence=np.full(count, np.nan),
            status=(status,) * count,
            support=(support,) * count,
            provenance=provenance or {},
        )

    @classmethod
    def merge(cls, groundings: Sequence[Grounding]) -> Grounding:
        """Join groundings of one image as though all their phrases had been asked at once.

        Args:
            groundings: at least one, all on the same frame.

        Returns:
            Their phrases and regions one after another; the common provenance, or ``{"merged": [...]}`` of all.

        Raises:
            GeometryError: when there is none, or the frames differ.
        """
        if not groundings:
            raise GeometryError("expected at least one grounding to merge, got none; use Grounding.empty(frame)")
        first = groundings[0]
        for position, other in enumerate(groundings):
            if other.frame != first.frame:
                raise GeometryError(
                    f"expected groundings of one image, but number {position} lies on {other.frame!r} and number 0 on "
                    f"{first.frame!r}; map the boxes to one frame first"
                )
        starts = np.cumsum([0, *(len(grounding.phrases) for grounding in groundings)])
        shared = all(grounding.provenance == first.provenance for grounding in groundings)
        return cls(
            boxes=Boxes(np.concatenate([grounding.boxes.data for grounding in groundings]), first.frame),
            scores=np.concatenate([grounding.scores for grounding in groundings]),
            phrase_index=np.concatenate(
                [grounding.phrase_index + start for grounding, start in zip(groundings, starts[:-1], strict=True)]
            ),
            phrases=tuple(phrase for grounding in groundings for phrase in grounding.phrases),
            presence=np.concatenate([grounding.presence for grounding in groundings]),
            status=tuple(status for grounding in groundings for status in grounding.status),
            support=tuple(support for grounding in groundings for support in grounding.support),
            instance_masks=tuple(mask for grounding in groundings for mask in grounding.instance_masks),
            phrase_masks=tuple(mask for grounding in groundings for mask in grounding.phrase_masks),
            provenance=first.provenance if shared else {"merged": [grounding.provenance for grounding in groundings]},
        )

    @property
    def frame(self) -> Frame:
        """The grid of the image that boxes and masks lie on."""
        return self.boxes.frame

    def above(self, score: float) -> Grounding:
        """Keep the regions whose score is at least ``score``; phrases, presence and status stay as they are."""
        return self[self.scores >= score]

    def for_phrase(self, phrase: str | int) -> Grounding:
        """Keep one phrase with its regions.

        Args:
            phrase: its text (upper and lower case are the same; all phrases of that text are kept) or its index.

        Returns:
            A grounding of that phrase alone.

        Raises:
            PhraseError: when it was not asked; the message names the nearest that was.
        """
        return self._with_phrases(self._find_phrase(phrase))

    @overload
    def __getitem__(self, rows: int | np.integer[Any]) -> GroundedRegion: ...

    @overload
    def __getitem__(self, rows: RowIndex) -> Grounding: ...

    def __getitem__(self, rows: int | np.integer[Any] | RowIndex) -> GroundedRegion | Grounding:
        """Give one region for an int, a grounding of some rows for a slice, a bool mask or an array of ints.

        Raises:
            IndexError: when a row is not there or a mask has another length.
        """
        if isinstance(rows, (int, np.integer)):
            return self._region(range(len(self))[rows])
        if isinstance(rows, (list, tuple)) and not rows:
            rows = np.zeros(0, np.int64)
        kept = np.arange(len(self))[rows if isinstance(rows, slice) else np.asarray(rows)]
        return replace(
            self,
            boxes=self.boxes[kept],
            scores=self.scores[kept],
            phrase_index=self.phrase_index[kept],
            instance_masks=tuple(self.instance_masks[row] for row in kept),
        )

    def __len__(self) -> int:
        """Number of regions, N."""
        return len(self.scores)

    def __iter__(self) -> Iterator[GroundedRegion]:
        """Go through the regions in order."""
        return (self._region(row) for row in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Whether all values are the same; two NaN presences are."""
        if not isinstance(other, Grounding):
            return NotImplemented
        return (
            np.array_equal(self.boxes.data, other.boxes.data)
            and self.frame == other.frame
            and all(_same(getattr(self, name), getattr(other, name)) for name in _FIELDS_BUT_BOXES)
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # Through the constructor, because a pickled array forgets that it is read-only.
        return Grounding, tuple(getattr(self, entry.name) for entry in fields(self))

    __hash__ = None  # type: ignore[assignment]  # equal by value and holding arrays, as a list

    def __repr__(self) -> str:
        """One line for the whole, one for each phrase; at most a dozen phrases."""
        grid = " x ".join(str(size) for size in self.frame.shape)
        head = f"Grounding: {_counted(len(self), 'region')} of {_counted(len(self.phrases), 'phrase')} in {grid}"
        lines = [self._phrase_line(index) for index in range(min(len(self.phrases), _PHRASES_SHOWN))]
        if len(self.phrases) > _PHRASES_SHOWN:
            lines.append(f"... and {len(self.phrases) - _PHRASES_SHOWN} more phrases")
        return "\n  ".join([head, *lines])

    def _phrase_line(self, index: int) -> str:
        scores = self.scores[self.phrase_index == index]
        parts = [self.status[index].value]
        if not np.isnan(self.presence[index]):
            parts.append(f"presence {self.presence[index]:.2f}")
        if scores.size:
            parts.append(f"{_counted(scores.size, 'region')}, best {scores.max():.2f}")
        return f"{self.phrases[index].text!r}: {', '.join(parts)}"

    def _region(self, row: int) -> GroundedRegion:
        index = int(self.phrase_index[row])
        return GroundedRegion(
            box=self.boxes.data[row],
            score=float(self.scores[row]),
            phrase=self.phrases[index],
            phrase_index=index,
            mask=self.instance_masks[row],
        )

    def _find_phrase(self, phrase: str | int) -> list[int]:
        if not isinstance(phrase, str):
            if not -len(self.phrases) <= phrase < len(self.phrases):
                raise PhraseError(f"expected a phrase index below {len(self.phrases)}, got {phrase}")
            return [range(len(self.phrases))[phrase]]
        texts = [asked.text.casefold() for asked in self.phrases]
        found = [index for index, text in enumerate(texts) if text == phrase.casefold()]
        if not found:
            near = difflib.get_close_matches(phrase.casefold(), texts, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(map(repr, texts[:10])) or 'none'}"
            raise PhraseError(f"expected a phrase that was asked, got {phrase!r}; {hint}")
        return found

    def _with_phrases(self, indices: Sequence[int]) -> Grounding:
        rows = np.flatnonzero(np.isin(self.phrase_index, indices))
        renumbered = np.zeros(len(self.phrases), np.int64)
        renumbered[list(indices)] = np.arange(len(indices))
        return Grounding(
            boxes=self.boxes[rows],
            scores=self.scores[rows],
            phrase_index=renumbered[self.phrase_index[rows]],
            phrases=tuple(self.phrases[index] for index in indices),
            presence=self.presence[list(indices)],
            status=tuple(self.status[index] for index in indices),
            support=tuple(self.support[index] for index in indices),
            instance_masks=tuple(self.instance_masks[row] for row in rows),
            phrase_masks=tuple(self.phrase_masks[index] for index in indices),
            provenance=self.provenance,
        )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


_FIELDS_BUT_BOXES = tuple(entry.name for entry in fields(Grounding) if entry.name != "boxes")


def _checked_phrase_index(values: npt.ArrayLike, rows: int, phrases: int) -> npt.NDArray[np.int64]:
    index = np.asarray(values)
    if index.size and index.dtype.kind not in "iu":
        raise PhraseError(f"phrase_index must hold integers, got {index.dtype}")
    if index.shape != (rows,):
        raise GeometryError(f"phrase_index must have shape ({rows},), one for each of the boxes, got {index.shape}")
    index = index.astype(np.int64)
    if index.size and not (index.min() >= 0 and index.max() < phrases):
        wrong = int(index[(index < 0) | (index >= phrases)][0])
        raise PhraseError(f"phrase_index must lie in [0, {phrases}) for {_counted(phrases, 'phrase')}, got {wrong}")
    index.setflags(write=False)
    return index


def _same(mine: object, theirs: object) -> bool:
    if isinstance(mine, np.ndarray) and isinstance(theirs, np.ndarray):
        return np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")
    return mine == theirs


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
