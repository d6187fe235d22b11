# SPDX-License-Identifier: Apache-2.0
"""Pictures for viewers that draw neither reports nor segmentations: key slices with boxes and answers burnt in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from monai_medglip.dicom import NOTICE, ClinicalAnswer, clinical_answers, shown_regions, stated_miss_rate
from monai_medglip.grounding import Grounding
from monai_medglip.grounding.colors import phrase_color
from monai_medglip.imaging import Scan
from monai_medglip.phrases import Phrase
from monai_medglip.visualize.display import display_window, displayed_picture
from monai_medglip.visualize.plane import Plane
from monai_medglip.visualize.regions import Canvas, draw_labels, draw_regions
from monai_medglip.visualize.sections import sections
from monai_medglip.visualize.text import drawable_text, fit_text, font_of_size

__all__ = ["key_slices", "result_pictures"]

_SIDE = 768
_MOST_PICTURES = 12
_MOST_LINES = 30
_BACKGROUND, _TEXT = (0, 0, 0), (255, 255, 255)


def result_pictures(
    scan: Scan, grounding: Grounding, miss_rates: Mapping[str, float]
) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    """Draw what a report shows.

    Args:
        scan: the image.
        grounding: its answers.
        miss_rates: how often a phrase that is not found is missed where it is, by phrase, [0, 1].

    Yields:
        For each key slice its index on the last axis (0 for an image) and the picture ``(rows, columns, 3)`` in the
        order of rows and columns that is stored.
    """
    shown = shown_regions(grounding)
    window, footer = display_window(scan), _lines(grounding, miss_rates)
    indices = key_slices(shown)
    planes = [_stored_plane(scan, index) for index in indices]
    # All planes at once: the masks of a volume are then decoded once.
    for index, plane, regions in zip(indices, planes, sections(_without_hidden_masks(shown), planes), strict=True):
        canvas = _canvas(scan, plane, window)
        draw_regions(canvas, regions)
        draw_labels(canvas, regions)
        where = "" if scan.spatial_dims == 2 else f", image {index + 1} of {scan.spatial_shape[2]}"
        yield index, _with_footer(canvas, [(f"{NOTICE}{where}", None), *footer])


def key_slices(shown: Grounding) -> list[int]:
    """Give the middle slices of the regions, each once and in order; at most a dozen, those of the best regions.

    Without a region it is the middle slice of the volume, and of an image its only one, 0.
    """
    if shown.frame.spatial_dims == 2:
        return [0]
    middles = np.floor(shown.boxes.centers[np.argsort(-shown.scores, kind="stable"), 2]).astype(int)
    last = shown.frame.shape[2] - 1
    found = list(dict.fromkeys(min(max(int(middle), 0), last) for middle in middles))[:_MOST_PICTURES]
    return sorted(found) or [last // 2]


def _without_hidden_masks(shown: Grounding) -> Grounding:
    """Drop the masks of phrases without a shown region: what is not shown as a box is not shown as a mask."""
    kept = set(shown.phrase_index.tolist())
    masks = tuple(mask if index in kept else None for index, mask in enumerate(shown.phrase_masks))
    return replace(shown, phrase_masks=masks)


def _stored_plane(scan: Scan, index: int) -> Plane:
    spacing = scan.frame.spacing_mm if scan.frame.spacing_known else (1.0, 1.0)
    return Plane(
        axes=(0, 1),
        reversed_axes=(False, False),
        pixel_size=(spacing[0], spacing[1]),
        slice_axis=2 if scan.spatial_dims == 3 else None,
        slice_index=index,
    )


def _canvas(scan: Scan, plane: Plane, window: tuple[float, float]) -> Canvas:
    columns, rows = plane.size(scan.frame)
    width, height = columns * plane.pixel_size[0], rows * plane.pixel_size[1]
    zoom = _SIDE / max(width, height)
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    return Canvas(
        picture=displayed_picture(plane.cut(scan.array), window, size),
        scale=(size[0] / columns, size[1] / rows),
        line_width=2,
        font_size=16,
    )


def _lines(grounding: Grounding, miss_rates: Mapping[str, float]) -> list[tuple[str, tuple[int, int, int] | None]]:
    told = grounding.provenance
    answers = clinical_answers(grounding)
    lines: list[tuple[str, tuple[int, int, int] | None]] = [
        (f"{told.get('model')} {told.get('version')}, unverified", None),
        *(
            (f"{drawable_text(phrase.text)}: {_in_words(phrase, answer, miss_rates)}", phrase_color(index))
            for index, (phrase, answer) in enumerate(zip(grounding.phrases, answers, strict=True))
        ),
    ]
    if len(lines) <= _MOST_LINES:
        return lines
    return [*lines[:_MOST_LINES], (f"and {len(lines) - _MOST_LINES} more phrases, see the report", None)]


def _in_words(phrase: Phrase, answer: ClinicalAnswer, miss_rates: Mapping[str, float]) -> str:
    rate = stated_miss_rate(phrase, answer, miss_rates)
    return answer.value if rate is None else f"{answer.value} (misses {rate:.0%})"


def _with_footer(canvas: Canvas, lines: Sequence[tuple[str, tuple[int, int, int] | None]]) -> npt.NDArray[np.uint8]:
    """The picture with lines of text under it, in columns as wide as half of it."""
    font, height, width = font_of_size(canvas.font_size), round(canvas.font_size * 1.4), max(canvas.picture.width, 480)
    head, answers = lines[:2], lines[2:]
    rows = len(head) + math.ceil(len(answers) / 2)
    whole = Image.new("RGB", (width, canvas.picture.height + rows * height + height // 2), _BACKGROUND)
    whole.paste(canvas.picture, (0, 0))
    draw, top = ImageDraw.Draw(whole), canvas.picture.height + height // 4
    places = [(0, row, width) for row in range(len(head))]
    places += [(width // 2 * (n % 2), len(head) + n // 2, width // 2) for n in range(len(answers))]
    for (x, row, room), (text, color) in zip(places, lines, strict=True):
        line = fit_text(text, font, room - height)
        draw.text((x + 6, top + row * height), line, fill=color or _TEXT, font=font)
    return np.asarray(whole)
