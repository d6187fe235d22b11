# SPDX-License-Identifier: Apache-2.0
"""Writing a finished picture to a file; reading images is in `readers`."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt
from PIL import Image

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import OutputError

__all__ = ["write_picture"]


def write_picture(path: str | os.PathLike[str], picture: npt.NDArray[np.uint8]) -> None:
    """Write ``(H, W, 3)`` RGB in the format that the suffix of ``path`` names, whole or not at all.

    Raises:
        OutputError: when the suffix names no picture format, or the file cannot be written.
    """
    with atomic_file(path) as temporary:
        if temporary.suffix.lower() not in Image.registered_extensions():
            raise OutputError(f"expected a file name that ends in .png or .jpg, got {os.fspath(path)!r}")
        Image.fromarray(picture).save(temporary)
