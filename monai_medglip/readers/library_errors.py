# SPDX-License-Identifier: Apache-2.0
"""Turning what image libraries raise on bad files into `ImageReadError`; not for errors of this package's own code."""

from __future__ import annotations

import contextlib
import importlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from monai_medglip.errors import GeometryError, ImageReadError, MedGLIPError, UnsupportedImageError

__all__ = ["MAX_PIXELS", "MAX_VOXELS", "check_size", "import_extra", "library_errors"]

MAX_PIXELS = 512 * 2**20
"""Most pixels of a 2D image; 20,000 x 20,000 is read, a decompression bomb is not unpacked."""

MAX_VOXELS = 2**31
"""Most voxels of a volume, 8 GiB as float32."""


@contextlib.contextmanager
def library_errors(path: Path, kind: str) -> Iterator[None]:
    """Give every error of a library that reads ``path`` as one `ImageReadError` with the cause chained.

    Args:
        path: the file, named in the message.
        kind: what the file should have been, such as "PNG image".

    Yields:
        Nothing; the block calls the library.

    Raises:
        ImageReadError: for any exception of the block. Errors of this package pass, except that a `GeometryError`
            (a singular affine in the header) becomes one too.
    """
    try:
        yield
    except GeometryError as error:
        raise ImageReadError(f"{path}: the header's place in space cannot be: {error}") from error
    except MedGLIPError:
        raise
    # Damaged files make these libraries raise nearly anything: OSError, SyntaxError, struct.error, zlib.error,
    # RecursionError, MemoryError, ...
    except Exception as error:
        text = " ".join(str(error).split()) or "no reason given"
        if len(text) > 300:
            text = text[:300] + "..."
        raise ImageReadError(
            f"{path}: expected a whole and readable {kind}; reading it failed with {type(error).__name__}: {text}. "
            "Copy or export the file again"
        ) from error


def import_extra(module: str, extra: str, path: Path) -> ModuleType:
    """Import an optional library.

    Args:
        module: the module's name.
        extra: the extra of this package that installs it.
        path: the file that needs it, named in the message.

    Returns:
        The module.

    Raises:
        ImageReadError: when it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImageReadError(
            f"{path}: reading this format needs {module}, which is not installed; pip install monai_medglip[{extra}]"
        ) from error


def check_size(path: Path, shape: Sequence[int]) -> None:
    """Refuse a grid that is empty or too large, from its header and before memory is taken.

    Args:
        path: the file, named in the message.
        shape: size along each spatial axis.

    Raises:
        ImageReadError: for an axis of length 0.
        UnsupportedImageError: above `MAX_PIXELS` (2D) or `MAX_VOXELS`.
    """
    if not shape or min(shape) < 1:
        raise ImageReadError(f"{path}: expected at least one pixel along each axis, the header says {tuple(shape)}")
    limit = MAX_PIXELS if len(shape) == 2 else MAX_VOXELS
    if math.prod(shape) > limit:
        raise UnsupportedImageError(
            f"{path}: expected at most {limit:,} pixels, the header says {tuple(shape)}; "
            "crop the image or reduce its resolution first"
        )
