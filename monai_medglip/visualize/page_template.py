# SPDX-License-Identifier: Apache-2.0
"""The templates of pages, which escape every text, and what all pages say of a phrase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from monai_medglip.grounding import Grounding, phrase_volumes_ml, volume_text
from monai_medglip.grounding.colors import phrase_color
from monai_medglip.visualize.legend import phrase_answer

if TYPE_CHECKING:
    import jinja2

__all__ = ["PhraseRow", "page_template", "phrase_rows"]

_PAGES = "monai_medglip.visualize"


@dataclass(frozen=True)
class PhraseRow:
    """What a page says of one phrase.

    Attributes:
        phrase: its text.
        color: as CSS has it.
        is_found: whether there is a region or a mask.
        answer: the answer in words.
        best_score: of its regions, a dash where there is none.
        region_count: number of its regions.
        volume: of its mask, "" where that is not known.
    """

    phrase: str
    color: str
    is_found: bool
    answer: str
    best_score: str
    region_count: int
    volume: str


@cache
def page_template(name: str, package: str = _PAGES) -> jinja2.Template:
    """Give a template; a value that it lacks is an error.

    Args:
        name: of the template.
        package: whose folder ``templates`` holds it; it may include those of this package, such as ``page.css``.
    """
    import jinja2  # not at the top: most who draw an overlay write no page

    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), jinja2.PackageLoader(_PAGES)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def phrase_rows(grounding: Grounding) -> Iterator[PhraseRow]:
    """Give what there is to say of each phrase, in order."""
    volumes = phrase_volumes_ml(grounding)
    for index, phrase in enumerate(grounding.phrases):
        scores = grounding.scores[grounding.phrase_index == index]
        yield PhraseRow(
            phrase=phrase.text,
            color="#{:02x}{:02x}{:02x}".format(*phrase_color(index)),
            is_found=bool(scores.size) or grounding.phrase_masks[index] is not None,
            answer=phrase_answer(grounding, index),
            best_score=f"{scores.max():.2f}" if scores.size else "–",
            region_count=int(scores.size),
            volume=volume_text(volumes[index]),
        )
