# SPDX-License-Identifier: Apache-2.0
"""Pictures side by side with a caption over each; not the drawing of regions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from monai_medglip.errors import ConfigurationError
from monai_medglip.visualize.text import drawable_text, fit_text, font_of_size

__all__ = ["montage"]

_BACKGROUND = (24, 24, 27)
_TEXT = (244, 244, 245)
_GAP = 8


def montage(
    panels: Sequence[npt.NDArray[np.uint8]], captions: Sequence[str], *, columns: int | None = None
) -> npt.NDArray[np.uint8]:
    """Give one picture of several, in rows, with its caption above each.

    Args:
        panels: pictures ``(h, w, 3)`` uint8 RGB of any size; narrower ones are centered, none is resized.
        captions: one for each panel; "" leaves the place empty, too long ones are cut.
        columns: panels in a row; by default the rows make it about as wide as high, at most 3.

    Returns:
        ``(H, W, 3)`` uint8 RGB.

    Raises:
        ConfigurationError: when there is no panel, or not one caption for each.
    """
    if not panels or len(panels) != len(captions):
        raise ConfigurationError(
            f"expected at least one panel and one caption for each, got {len(panels)} and {len(captions)}"
        )
    across = min(len(panels), columns or min(3, math.ceil(math.sqrt(len(panels)))))
    down = math.ceil(len(panels) / across)
    width, height = max(panel.shape[1] for panel in panels), max(panel.shape[0] for panel in panels)
    font_size = max(15, round(max(width, height) / 42))
    head = round(font_size * 1.6)
    sheet = Image.new("RGB", (across * (width + _GAP) + _GAP, down * (height + head + _GAP)), _BACKGROUND)
    draw, font = ImageDraw.Draw(sheet), font_of_size(font_size)
    for position, (panel, caption) in enumerate(zip(panels, captions, strict=True)):
        x = _GAP + position % across * (width + _GAP)
        y = position // across * (height + head + _GAP)
        text = fit_text(drawable_text(caption), font, width)
        draw.text((x + width / 2, y + head / 2), text, fill=_TEXT, font=font, anchor="mm")
        sheet.paste(Image.fromarray(panel), (x + (width - panel.shape[1]) // 2, y + head))
    return np.array(sheet, np.uint8)
