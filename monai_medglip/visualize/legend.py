# SPDX-License-Identifier: Apache-2.0
"""The strip under a picture that says of each phrase its color and its answer, also when there is nothing to see."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from monai_medglip.grounding import Grounding, Status, Support
from monai_medglip.grounding.colors import Color, phrase_color
from monai_medglip.visualize.dashes import dash_outline
from monai_medglip.visualize.labels import is_numbered
from monai_medglip.visualize.text import drawable_text, fit_text, font_of_size, text_width

__all__ = ["draw_legend", "phrase_answer"]

_BACKGROUND = (24, 24, 27)
_TEXT = (244, 244, 245)
_TEXT_WITHOUT_REGIONS = (190, 190, 198)
_MOST_ENTRIES = 40
_MOST_LARGE_ENTRIES = 12
# Entries begin at multiples of this share of the width, so that they stand in columns.
_TABS = 6

_ANSWERS = {
    Status.FOUND: "found",
    Status.ABSENT: "absent",
    Status.UNSUPPORTED: "not found, absence cannot be told",
    Status.NOT_APPLICABLE: "not applicable to this image",
    Status.NEGATED: "negated, not looked for",
}


@dataclass(frozen=True)
class _Entry:
    text: str
    color: Color | None
    has_regions: bool = True


def phrase_answer(grounding: Grounding, index: int) -> str:
    """Give the answer to a phrase in words, as ``found (0.97)``: in brackets presence, else the best score.

    Args:
        grounding: the result.
        index: the phrase.

    Returns:
        The words of its status; ``unseen wording`` is added where the wording was never tested but something was found.
    """
    status, number = grounding.status[index], float(grounding.presence[index])
    scores = grounding.scores[grounding.phrase_index == index]
    if np.isnan(number) and scores.size:
        number = float(scores.max())
    answer = _ANSWERS[status] + ("" if np.isnan(number) else f" ({number:.2f})")
    unseen = status is Status.FOUND and grounding.support[index] is Support.UNSEEN
    return f"{answer}, unseen wording" if unseen else answer


def draw_legend(grounding: Grounding, width: int, font_size: int, *, has_truth: bool) -> Image.Image:
    """Give the legend strip of a picture.

    Args:
        grounding: the result; after 40 phrases the rest is counted only.
        width: columns of the picture.
        font_size: size of its letters in pixels.
        has_truth: whether the picture shows truth with dashes, which the legend then explains.

    Returns:
        An RGB image of that width, high enough for all entries; without phrases and truth it has no rows.
    """
    entries = _entries(grounding, has_truth)
    if len(entries) > _MOST_LARGE_ENTRIES:
        font_size = round(font_size * 0.85)
    font, swatch, gap = font_of_size(font_size), font_size, font_size // 2
    line_height, tab = round(font_size * 1.5), max(1, (width - gap) // _TABS)
    places: list[tuple[int, int, str]] = []
    x, y = gap, gap
    for entry in entries:
        text = fit_text(entry.text, font, width - 4 * gap - swatch)
        taken = swatch + gap + text_width(text, font)
        if x > gap and x + taken > width - gap:
            x, y = gap, y + line_height
        places.append((x, y, text))
        x += tab * math.ceil((taken + 2 * gap) / tab)
    strip = Image.new("RGB", (width, y + line_height + gap // 2 if entries else 0), _BACKGROUND)
    for entry, (x, y, text) in zip(entries, places, strict=True):
        _draw_entry(strip, entry, (x, y), text, font_size)
    return strip


def _entries(grounding: Grounding, has_truth: bool) -> list[_Entry]:
    entries, numbered = [], is_numbered(grounding)
    for index, phrase in enumerate(grounding.phrases[:_MOST_ENTRIES]):
        answer = phrase_answer(grounding, index)
        seen = bool((grounding.phrase_index == index).any()) or grounding.phrase_masks[index] is not None
        number = f"{index + 1} " if numbered else ""
        entries.append(_Entry(f"{number}{_shortened(phrase.text)}: {answer}", phrase_color(index), seen))
    if len(grounding.phrases) > _MOST_ENTRIES:
        entries.append(_Entry(f"… and {len(grounding.phrases) - _MOST_ENTRIES} more phrases", None, False))
    if has_truth:
        entries.append(_Entry("truth", None))
    return entries


def _shortened(text: str) -> str:
    shown = drawable_text(text)
    return shown if len(shown) <= 48 else shown[:47].rstrip() + "…"


def _draw_entry(strip: Image.Image, entry: _Entry, corner: tuple[int, int], text: str, font_size: int) -> None:
    draw, font = ImageDraw.Draw(strip), font_of_size(font_size)
    x, y = corner
    swatch = (x, y + font_size // 8, x + font_size - 1, y + font_size // 8 + font_size - 1)
    if entry.color is not None:
        fill = entry.color if entry.has_regions else None
        draw.rectangle(swatch, fill=fill, outline=entry.color, width=max(2, font_size // 8))
    elif entry.has_regions:
        outline = Image.new("1", strip.size)
        ImageDraw.Draw(outline).rectangle(swatch, outline=1, width=max(2, font_size // 8))
        dash_outline(strip, outline, max(3, font_size // 4))
    color = _TEXT if entry.has_regions else _TEXT_WITHOUT_REGIONS
    draw.text((x + font_size + font_size // 2, y), text, fill=color, font=font)
