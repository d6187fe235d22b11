# SPDX-License-Identifier: Apache-2.0
"""One HTML page of pictures with their answers, complete in a single file that opens without a network or server."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from monai_medglip.atomic_file import atomic_file
from monai_medglip.grounding import Grounding
from monai_medglip.visualize.page_template import page_template, phrase_rows

__all__ = ["PageEntry", "render_index_page", "write_index_page"]

# Lossy, because fifteen lossless pictures inside one page are twenty megabytes; full color at the edges of labels.
_JPEG_QUALITY = 88


@dataclass(frozen=True, eq=False)
class PageEntry:
    """One picture of an index page.

    Attributes:
        title: heading over the picture.
        picture: ``(H, W, 3)`` uint8 RGB, as `overlay` or `montage` give it.
        grounding: the answers that stand in the table beside it.
        note: source, licence or remark, under the picture.
    """

    title: str
    picture: npt.NDArray[np.uint8]
    grounding: Grounding
    note: str = ""


def render_index_page(entries: Sequence[PageEntry], *, title: str, introduction: str = "") -> str:
    """Give the page as HTML text, with the pictures inside it; every text is escaped.

    Args:
        entries: the pictures in order; none gives a page that says so.
        title: of the page.
        introduction: a paragraph under the title.
    """
    cards = [
        {
            "title": entry.title,
            "note": entry.note,
            "source": _data_uri(entry.picture),
            "width": entry.picture.shape[1],
            "height": entry.picture.shape[0],
            "description": _description(entry.grounding),
            "rows": list(phrase_rows(entry.grounding)),
        }
        for entry in entries
    ]
    return page_template("index_page.html").render(title=title, introduction=introduction, cards=cards)


def write_index_page(
    path: str | os.PathLike[str], entries: Sequence[PageEntry], *, title: str, introduction: str = ""
) -> None:
    """Write what `render_index_page` gives, whole or not at all.

    Raises:
        OutputError: when the file cannot be written.
    """
    page = render_index_page(entries, title=title, introduction=introduction)
    with atomic_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _description(grounding: Grounding) -> str:
    """Give what the picture shows in words, for those who cannot see it."""
    answers = [f"{row.phrase}: {row.answer}, {row.region_count} regions" for row in phrase_rows(grounding)]
    return "Medical image with regions. " + ("; ".join(answers) if answers else "No phrase was asked.")


def _data_uri(picture: npt.NDArray[np.uint8]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
