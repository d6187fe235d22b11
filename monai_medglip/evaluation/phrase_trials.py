# SPDX-License-Identifier: Apache-2.0
"""Whether the phrase matters: wording, side, things that cannot be there, modality, negation; in one pass over images.

Everything is asked twice, of the network alone and with the product's rules, which replace wordings by names and rule
out what an image cannot show. How well things are found is `quality`'s part.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tqdm import tqdm

from monai_medglip.data_engine import GroundingData, Presence, Record
from monai_medglip.errors import DataError
from monai_medglip.evaluation.easy_absence_trial import EasyAbsenceTrial
from monai_medglip.evaluation.protocol import Group, Protocol, Question
from monai_medglip.evaluation.share import Count, share
from monai_medglip.evaluation.side_trial import SideTrial
from monai_medglip.evaluation.trial_subject import TrialSubject
from monai_medglip.evaluation.wording_trial import WordingTrial, forms_of
from monai_medglip.imaging import Modality
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import parse_phrase

__all__ = ["EASY_PER_IMAGE", "IMAGES_PER_CONCEPT", "phrase_trials"]

IMAGES_PER_CONCEPT = 10
"""Images per concept and source in the wording trial; which ones, only their names decide."""

EASY_PER_IMAGE = 5
"""Easy-absent phrases per image."""

_WAYS = {"network_alone": False, "with_rules": True}
_NEGATIONS = ("no {}", "without {}")


def phrase_trials(
    folder: GroundingData, subject: TrialSubject, *, split: str = "test", ontology: Ontology | None = None
) -> dict[str, Any]:
    """Return what the phrase changes, with intervals over patients.

    Args:
        folder: images with their truth.
        subject: who is asked.
        split: train, val or test.
        ontology: forms and relations of concepts; the default one when None.

    Returns:
        ``network_alone`` and ``with_rules``, each with ``wording``, ``sides`` and ``easy_absent``; ``modality`` and
        ``negation``; ``asked``, what was drawn.

    Raises:
        DataError: when the split is empty.
    """
    known = Ontology.default() if ontology is None else ontology
    records = folder.records(split)
    if not records:
        raise DataError(f"{folder.path}: expected images in the split {split!r}, there are none")
    trials = _Trials(folder, subject, known, Protocol(folder, records, known))
    for record in tqdm(sorted(records, key=_shuffled), desc="phrase trials", unit="image"):
        trials.ask(record)
    return trials.results()


@dataclass(frozen=True)
class _Named:
    """A concept that an image shows, as a question and by its name in the ontology."""

    concept: str
    question: Question


class _Trials:
    """All trials, filled image by image."""

    def __init__(self, folder: GroundingData, subject: TrialSubject, ontology: Ontology, protocol: Protocol) -> None:
        self._folder, self._subject, self._ontology, self._protocol = folder, subject, ontology, protocol
        self._wording = {way: WordingTrial() for way in _WAYS}
        self._sides = {way: SideTrial() for way in _WAYS}
        self._easy = {way: EasyAbsenceTrial(subject.threshold, ontology) for way in _WAYS}
        self._modality: list[tuple[Modality, Modality, Count]] = []
        self._negation: list[Count] = []
        self._images: Counter[tuple[str, str]] = Counter()

    def ask(self, record: Record) -> None:
        """Read and encode an image once, and ask it everything."""
        questions = self._protocol.questions(record, self._folder.regions(record))
        scan = self._folder.read(record)
        encoded = self._subject.encode(scan)
        shown = self._shown(record, questions)
        easy = [question for question in questions if question.easy][:EASY_PER_IMAGE]
        for way, rules in _WAYS.items():
            self._ask_sides(way, record, encoded, shown)
            tops = self._subject.top_boxes(encoded, [question.phrase for question in easy], rules=rules)
            for question, top in zip(easy, tops, strict=True):
                self._easy[way].add(record, question.phrase.concept or question.name, top.score)
        self._ask_wording(record, encoded, shown)
        self._ask_negations(record, encoded, shown)
        predicted = self._subject.modality(self._subject.encode(replace(scan, modality=Modality.UNKNOWN)))
        count = Count(record.source, record.patient, float(predicted is record.modality))
        self._modality.append((record.modality, predicted, count))

    def results(self) -> dict[str, Any]:
        """Return the figures of all trials."""
        confusion: dict[str, Counter[str]] = defaultdict(Counter)
        for true, predicted, _ in self._modality:
            confusion[true.value][predicted.value] += 1
        return {
            **{way: self._of_way(way) for way in _WAYS},
            "modality": {
                "accuracy": share([count for _, _, count in self._modality]),
                "predicted": {true: dict(predicted) for true, predicted in confusion.items()},
            },
            "negation": {"without_region": share(self._negation)},
            "asked": {
                "threshold": self._subject.threshold,
                "images": len(self._modality),
                "images_per_concept_at_most": IMAGES_PER_CONCEPT,
                "easy_absent_per_image": EASY_PER_IMAGE,
            },
        }

    def _of_way(self, way: str) -> dict[str, Any]:
        return {
            "wording": self._wording[way].results(),
            "sides": self._sides[way].results(),
            "easy_absent": self._easy[way].results(),
        }

    def _shown(self, record: Record, questions: Sequence[Question]) -> list[_Named]:
        """The names of the image's source that it shows with boxes, those that the ontology knows."""
        groups = self._protocol.groups[record.source]
        return [
            _Named(question.phrase.concept, question)
            for question in questions
            if not question.easy
            and groups[question.name] is Group.NAMES
            and question.truth.presence is Presence.PRESENT
            and question.truth.scored_as == "boxes"
            and question.phrase.concept is not None
        ]

    def _ask_wording(self, record: Record, encoded: Any, shown: Sequence[_Named]) -> None:
        for named in shown:
            key = (record.source, named.concept)
            forms = forms_of(self._ontology[named.concept], self._ontology)
            if not forms or self._images[key] >= IMAGES_PER_CONCEPT:
                continue
            self._images[key] += 1
            phrases = [parse_phrase(text, self._ontology) for text in (named.concept, *forms)]
            for way, rules in _WAYS.items():
                name, *others = self._subject.top_boxes(encoded, phrases, rules=rules)
                by_form = {form: (kind, top) for (form, kind), top in zip(forms.items(), others, strict=True)}
                self._wording[way].add(record, named.concept, named.question.truth, by_name=name, by_form=by_form)

    def _ask_sides(self, way: str, record: Record, encoded: Any, shown: Sequence[_Named]) -> None:
        single = {named.concept: named.question for named in shown if len(named.question.truth.instances) == 1}
        pairs = [(name, self._ontology[name].mirror_of) for name in single]
        asked = [(single[name], single[mirror]) for name, mirror in pairs if mirror is not None and mirror in single]
        if not asked:
            return
        tops = self._subject.top_boxes(encoded, [named.phrase for named, _ in asked], rules=_WAYS[way])
        for (named, other), top in zip(asked, tops, strict=True):
            here, there = named.truth.instances[0].box, other.truth.instances[0].box
            self._sides[way].add(record, top, named=here, other=there)

    def _ask_negations(self, record: Record, encoded: Any, shown: Sequence[_Named]) -> None:
        names = [named.concept for named in shown[:1]]
        phrases = [parse_phrase(form.format(name), self._ontology) for name in names for form in _NEGATIONS]
        for regions in self._subject.region_counts(encoded, phrases) if phrases else ():
            self._negation.append(Count(record.source, record.patient, float(regions == 0)))


def _shuffled(record: Record) -> str:
    """An order that mixes patients and sources and that only the names of the images decide."""
    return hashlib.sha256(record.name.encode()).hexdigest()
