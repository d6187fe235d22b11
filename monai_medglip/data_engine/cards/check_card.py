# SPDX-License-Identifier: Apache-2.0
"""Whether a card agrees with the ontology and with the readers; its form was checked when it was read."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from monai_medglip.data_engine.cards.card import SourceCard
from monai_medglip.errors import ConfigurationError, MedGLIPError
from monai_medglip.ontology import Ontology

__all__ = ["check_card"]


def check_card(card: SourceCard, ontology: Ontology, where: Path | str) -> None:
    """Check a card.

    Args:
        card: as it was read.
        ontology: must have its concepts and body regions.
        where: its file, for the message.

    Raises:
        ConfigurationError: when a body region or a concept is unknown, a label is something that such images cannot
            show, a left thing is labeled without the right one, or the layout does not fit its reader.
    """
    problems = [*_regions(card, ontology), *_concepts(card, ontology)]
    if not problems:
        problems = [*_visible(card, ontology), *_sides(card, ontology), *_wider(card, ontology), *_layout(card)]
    if problems:
        raise ConfigurationError(f"{where}: " + f"\n{where}: ".join(problems))


def _regions(card: SourceCard, ontology: Ontology) -> Iterator[str]:
    known = ontology.body_regions
    for name in card.body_regions:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            yield f"body_regions: expected names of {', '.join(known)}; got {name!r}{hint}"


def _concepts(card: SourceCard, ontology: Ontology) -> Iterator[str]:
    named = [(f"labels.{label.value}", label.concept) for label in card.labels]
    named += [(key, name) for key in ("covers", "wholes", "unpaired") for name in getattr(card, key)]
    for key, name in named:
        try:
            ontology[name]
        except MedGLIPError as problem:
            yield f"{key}: {problem}"
    for value in card.left_out:
        if any(value == label.value for label in card.labels):
            yield f"left_out: expected values that are no labels, got {value!r}, which is one"


def _visible(card: SourceCard, ontology: Ontology) -> Iterator[str]:
    """A label that no image of the source can show would count as known absent."""
    places = [(modality, region) for modality in card.modalities for region in card.body_regions]
    for label in card.labels:
        if not any(ontology.can_show(label.concept, *place) for place in places):
            yield (
                f"labels.{label.value}: expected what {', '.join(str(m) for m in card.modalities)} of the "
                f"{', '.join(card.body_regions)} can show, got {label.concept!r}, which the ontology has elsewhere"
            )


def _sides(card: SourceCard, ontology: Ontology) -> Iterator[str]:
    names = set(card.concepts)
    lacking = {name: mirror for name in names if (mirror := ontology[name].mirror_of) and mirror not in names}
    for label in card.labels:
        if label.concept in lacking and lacking[label.concept] not in card.unpaired:
            yield (
                f"labels.{label.value}: expected {lacking[label.concept]!r} beside {label.concept!r}; list it in "
                "'unpaired' if the source does not label it"
            )
    for name in card.unpaired:
        if name not in lacking.values():
            yield f"unpaired: expected the missing mirror image of a label, got {name!r}"


def _wider(card: SourceCard, ontology: Ontology) -> Iterator[str]:
    names = card.concepts
    for name in card.covers:
        if not any(name in ontology.ancestors(label) for label in names):
            yield f"covers: expected what a label is a kind of, got {name!r}"
    for name in card.wholes:
        parts = [
            label
            for label in names
            if any(name in ontology[kind].part_of for kind in (label, *ontology.ancestors(label)))
        ]
        if len(parts) < 2:
            yield f"wholes: expected what at least two labels are parts of, got {name!r}"


def _layout(card: SourceCard) -> Iterator[str]:
    if card.layout is None:
        return
    try:
        card.adapter()
    except MedGLIPError as problem:
        yield str(problem)
