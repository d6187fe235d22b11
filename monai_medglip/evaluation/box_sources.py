# SPDX-License-Identifier: Apache-2.0
"""Where a phrase's best box should come from: predicted sides or the mask, at first or at second look; by validation.

Both are measured for each kind of phrase, the level of its concept. The operating point takes what is better.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from monai_medglip.data_engine import GroundingData, Presence
from monai_medglip.evaluation.protocol import Protocol, Question
from monai_medglip.grounding import Grounding
from monai_medglip.inference import Grounder, OperatingPoint
from monai_medglip.metrics import dice, match_boxes
from monai_medglip.ontology import Level, Ontology

__all__ = ["BoxSource", "BoxSourceFigures", "choose_box_sources", "measure_box_sources"]


@dataclass(frozen=True, order=True)
class BoxSource:
    """One way to a box.

    Attributes:
        from_mask: the bounds of the mask, not the predicted sides.
        refined: after a second look at a finer spacing.
    """

    from_mask: bool = False
    refined: bool = False

    def __str__(self) -> str:
        return f"{'mask' if self.from_mask else 'sides'}, {'second' if self.refined else 'first'} look"


@dataclass
class BoxSourceFigures:
    """What each way reaches, ``{(source, phrase): [one entry per image that shows it]}``.

    Attributes:
        level: the kind of each phrase.
        overlap: IoU of the best box with the instance that it overlaps most.
        dice: of the phrase mask, by second look or not; the box's way does not change a mask.
    """

    level: dict[tuple[str, str], Level] = field(default_factory=dict)
    overlap: dict[BoxSource, dict[tuple[str, str], list[float]]] = field(default_factory=dict)
    dice: dict[bool, dict[tuple[str, str], list[float]]] = field(default_factory=dict)

    def mean_overlap(self, way: BoxSource, level: Level | None = None) -> float:
        """Give the mean over phrases of one level, or all, of their mean IoU; nan where there is none."""
        means = [
            float(np.mean(values))
            for phrase, values in self.overlap[way].items()
            if level is None or self.level[phrase] is level
        ]
        return float(np.mean(means)) if means else float("nan")

    def image_overlap(self, way: BoxSource, level: Level) -> float:
        """Give the mean IoU over all images of all phrases of one level: two ways differ least by chance in it."""
        return float(np.mean(self._overlaps(way, level)))

    def mean_dice(self, *, refined: bool) -> float:
        """Give the mean over phrases of their mean Dice; nan where there is none."""
        means = [float(np.mean(values)) for values in self.dice[refined].values()]
        return float(np.mean(means)) if means else float("nan")

    def gain(self, *, refined: bool) -> float:
        """Give what looks and canvases are chosen by: mean IoU plus mean Dice over images, each kind the better way."""
        overlap: list[float] = []
        for level in self.levels():
            ways = [BoxSource(from_mask, refined) for from_mask in (False, True)]
            overlap += self._overlaps(max(ways, key=lambda way: self.image_overlap(way, level)), level)
        dice = [value for values in self.dice[refined].values() for value in values]
        return float(np.mean(overlap)) + (float(np.mean(dice)) if dice else 0.0)

    def _overlaps(self, way: BoxSource, level: Level) -> list[float]:
        """One IoU for each image and phrase of a level."""
        return [iou for phrase, ious in self.overlap[way].items() if self.level[phrase] is level for iou in ious]

    def table(self) -> str:
        """Give the mean IoU of each way for each kind of phrase, and the Dice of each look, as lines of text."""
        lines = [
            f"{level.value}: " + ", ".join(f"{way} {self.mean_overlap(way, level):.3f}" for way in self.overlap)
            for level in self.levels()
        ]
        dices = ", ".join(
            f"{'second' if refined else 'first'} look {self.mean_dice(refined=refined):.3f}" for refined in self.dice
        )
        return "\n".join(["IoU of the best box by where it comes from:", *lines, f"Dice: {dices}"])

    def to_dict(self) -> dict[str, Any]:
        """Give the figures as plain values for a result file."""
        return {
            "mean_iou": {
                str(way): {level.value: self.mean_overlap(way, level) for level in self.levels()}
                for way in self.overlap
            },
            "dice": {"second" if refined else "first": self.mean_dice(refined=refined) for refined in self.dice},
            "phrases": {level.value: sum(kind is level for kind in self.level.values()) for level in self.levels()},
        }

    def levels(self) -> list[Level]:
        """Give the kinds of phrases that were seen."""
        return [level for level in Level if level in self.level.values()]


def measure_box_sources(
    folder: GroundingData, bundle: str | Path, point: OperatingPoint, *, split: str = "val"
) -> BoxSourceFigures:
    """Ask the images of a split for everything that they show, and box it each way.

    Args:
        folder: images and truth.
        bundle: the network that is asked; the ontology's rules are not used.
        point: its operating point, in which the ways are tried in turn.
        split: which images are looked at.

    Returns:
        IoU and Dice of every phrase of every image.
    """
    records, ontology = folder.records(split), Ontology.default()
    protocol = Protocol(folder, records, ontology)
    looks = (False, True) if len(point.canvas) == 3 else (False,)
    grounders = {
        way: Grounder(bundle, rules=False, operating_point=_with(point, way))
        for way in (BoxSource(from_mask, refined) for refined in looks for from_mask in (False, True))
    }
    figures = BoxSourceFigures(
        overlap={way: defaultdict(list) for way in grounders}, dice={look: defaultdict(list) for look in looks}
    )
    for record in tqdm(records, desc="boxes from sides and masks", unit="image"):
        asked = [q for q in protocol.questions(record, folder.regions(record)) if _has_boxes(q, ontology)]
        if asked:
            encoded = next(iter(grounders.values())).encode(folder.read(record))
            for way, grounder in grounders.items():
                answer = grounder.ask(encoded, [question.phrase for question in asked], threshold=0.0)
                for index, question in enumerate(asked):
                    _add(figures, way, (record.source, question.name), question, _Phrase(answer, index))
    return figures


def choose_box_sources(figures: BoxSourceFigures, point: OperatingPoint) -> OperatingPoint:
    """Give the operating point that boxes each kind of phrase the better way.

    A second look is taken where boxes and masks together gain by it.
    """
    best = max(sorted(figures.dice), key=lambda refined: figures.gain(refined=refined))
    levels = tuple(
        level.value
        for level in figures.levels()
        if figures.image_overlap(BoxSource(True, best), level) > figures.image_overlap(BoxSource(False, best), level)
    )
    return replace(point, refine=best, mask_boxes=levels)


def _with(point: OperatingPoint, way: BoxSource) -> OperatingPoint:
    levels = tuple(level.value for level in Level) if way.from_mask else ()
    return replace(point, refine=way.refined, mask_boxes=levels)


def _has_boxes(question: Question, ontology: Ontology) -> bool:
    truth = question.truth
    return truth.presence is Presence.PRESENT and truth.scored_as == "boxes" and question.phrase.concept in ontology


@dataclass(frozen=True)
class _Phrase:
    """One phrase's share of an answer."""

    answer: Grounding
    index: int


def _add(figures: BoxSourceFigures, way: BoxSource, phrase: tuple[str, str], question: Question, part: _Phrase) -> None:
    answer, truth = part.answer, question.truth
    concept = question.phrase.concept
    figures.level[phrase] = Ontology.default()[str(concept)].level
    own = answer.phrase_index == part.index
    matches = match_boxes(
        answer.boxes.data[own], answer.scores[own], [region.box for region in truth.instances], thresholds=[0.5]
    )
    first = int(np.argmax(matches.scores)) if len(matches.scores) else None
    figures.overlap[way][phrase].append(0.0 if first is None else float(matches.best_iou[first]))
    if truth.mask is not None and not way.from_mask:
        mask = answer.phrase_masks[part.index]
        figures.dice[way.refined][phrase].append(0.0 if mask is None else dice(mask.decode(), truth.mask.decode()))
