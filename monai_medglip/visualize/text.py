# SPDX-License-Identifier: Apache-2.0
"""Text for pictures: a font that is always there, characters it lacks spelled out, and lines cut to a width."""

from __future__ import annotations

import functools
import unicodedata
from pathlib import Path

from PIL import ImageFont

__all__ = ["Font", "drawable_text", "fit_text", "font_of_size", "text_width"]

Font = ImageFont.FreeTypeFont

_ELLIPSIS = "…"


@functools.lru_cache(maxsize=32)
def font_of_size(size: int) -> Font:
    """Give DejaVu Sans, which matplotlib brings along, with an em of ``size`` pixels."""
    return _font(size, None)


@functools.lru_cache(maxsize=1024)
def drawable_text(text: str) -> str:
    """Give ``text`` with each character that the font lacks spelled by its Unicode name, never as an empty box.

    DejaVu has Latin, Greek, Cyrillic, Arabic and more. A Thai or Hangul letter becomes the sound in its name, a Chinese
    character its code point.

    Example:
        >>> drawable_text("폐 nodule")
        'pye nodule'
    """
    shown = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(character if _has_glyph(character) else _spelled(character) for character in shown).strip()


def text_width(text: str, font: Font) -> int:
    """Give the width of a line in pixels."""
    return round(font.getlength(text))


def fit_text(text: str, font: Font, width: int) -> str:
    """Give ``text``, cut with an ellipsis where it is wider than ``width`` pixels; at least its first character."""
    if text_width(text, font) <= width:
        return text
    short, long = 1, len(text)
    while long - short > 1:
        middle = (short + long) // 2
        fits = text_width(text[:middle].rstrip() + _ELLIPSIS, font) <= width
        short, long = (middle, long) if fits else (short, middle)
    return text[:short].rstrip() + _ELLIPSIS


def _font(size: int, layout: ImageFont.Layout | None) -> Font:
    import matplotlib as mpl  # not at the top: the command line must not wait for it

    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(path, size, layout_engine=layout)


@functools.lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    # Noncharacter U+FFFF is drawn as the font's mark for what it lacks; what looks the same is lacking too. The basic
    # layout draws one glyph for one character, where Raqm would add a dotted circle under a lone vowel sign.
    font = _font(16, ImageFont.Layout.BASIC)
    return character.isspace() or bytes(font.getmask(character)) != bytes(font.getmask("\uffff"))


def _spelled(character: str) -> str:
    name = unicodedata.name(character, "")
    if name.startswith("CJK"):
        return f"[{ord(character):X}]"
    is_mark = unicodedata.category(character)[0] in "CM" and "VOWEL SIGN" not in name
    return "" if is_mark or not name else name.split()[-1].lower()
