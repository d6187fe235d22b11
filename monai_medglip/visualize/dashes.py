# SPDX-License-Identifier: Apache-2.0
"""Black and white dashes, which show on every background and are no phrase's color: how truth is drawn."""

from __future__ import annotations

import numpy as np
from PIL import Image

__all__ = ["dash_outline"]


def dash_outline(picture: Image.Image, outline: Image.Image, length: int) -> None:
    """Paint the set pixels of ``outline`` on an RGB picture of the same size, in dashes of ``length`` pixels."""
    columns, rows = np.arange(picture.width), np.arange(picture.height)
    is_white = ((columns[None, :] + rows[:, None]) // length) % 2 == 0
    dashes = Image.fromarray(np.where(is_white, 255, 0).astype(np.uint8)).convert("RGB")
    picture.paste(dashes, mask=outline)
