# SPDX-License-Identifier: Apache-2.0
"""One color for each phrase, told apart with and without red-green color blindness; not a colormap for intensities."""

from __future__ import annotations

__all__ = ["PHRASE_COLORS", "Color", "phrase_color", "text_color_on"]

Color = tuple[int, int, int]

# The first seven are Okabe and Ito's (2008) without black, ordered so that the first ones stand out on dark pictures.
# The others were chosen one by one from a grid of RGB values, each the farthest (CIE Lab, the least of normal,
# deuteranope and protanope vision by Machado's matrices) from all before it: at least 26 apart, Okabe-Ito's own are 17.
PHRASE_COLORS: tuple[Color, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (240, 228, 66),
    (0, 158, 115),
    (204, 121, 167),
    (213, 94, 0),
    (0, 114, 178),
    (90, 60, 255),
    (240, 255, 180),
    (165, 255, 255),
    (120, 120, 255),
    (210, 0, 60),
)
"""RGB colors of the phrases, in order; after the last they begin again."""


def phrase_color(index: int) -> Color:
    """Give the RGB color of the phrase with this index."""
    return PHRASE_COLORS[index % len(PHRASE_COLORS)]


def text_color_on(background: Color) -> Color:
    """Give black or white, whichever is easier to read on ``background`` (WCAG 2 contrast)."""
    red, green, blue = (_linear(channel / 255) for channel in background)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    # Contrast is (lighter + 0.05) / (darker + 0.05): black wins above the luminance where both are equal, 0.179.
    return (0, 0, 0) if luminance > 0.179 else (255, 255, 255)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
