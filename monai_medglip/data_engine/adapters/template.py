# SPDX-License-Identifier: Apache-2.0
"""Texts with names in braces that are filled in from what is known of an image; not Python's format language."""

from __future__ import annotations

import re
from collections.abc import Mapping

from monai_medglip.errors import DataError

__all__ = ["fill_template", "template_names"]

_NAME = re.compile(r"\{([^{}:]+)(?::(?:[^{}]|\{[^{}]*\})*)?\}")


def template_names(text: str) -> tuple[str, ...]:
    """Give the names in a text, each once, in order.

    Example:
        >>> template_names("{patient}_{slice}")
        ('patient', 'slice')
    """
    return tuple(dict.fromkeys(_NAME.findall(text)))


def fill_template(text: str, words: Mapping[str, str]) -> str:
    """Put words in the place of names.

    Raises:
        DataError: for a name that no word is known for.

    Example:
        >>> fill_template("{patient}_{slice}", {"patient": "p7", "slice": "3"})
        'p7_3'
    """
    unknown = [name for name in template_names(text) if name not in words]
    if unknown:
        raise DataError(
            f"expected names among {', '.join(sorted(words)) or 'none'} in {text!r}, got {', '.join(unknown)}; correct "
            "the layout"
        )
    return _NAME.sub(lambda found: words[found[1]], text)
