# SPDX-License-Identifier: Apache-2.0
"""Turning what image libraries raise on bad files into `ImageReadError`; not for errors of this package's own code."""

from __future__ import annotations

import contextlib
import importlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from monai_medglip.errors import GeometryError, ImageReadError, MedGLIPError

__all__ = ["import_extra", "library_errors", "logged_warnings"]

_LOGGER = logging.getLogger(__name__)


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
    except MemoryError as error:
        raise ImageReadError(
            f"{path}: expected a {kind} that fits into memory, it does not; crop the image, reduce its resolution, or "
            "use a machine with more memory"
        ) from error
    # Damaged files make these libraries raise nearly anything: OSError, SyntaxError, struct.error, zlib.error,
    # RecursionError, ...
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


@contextlib.contextmanager
def logged_warnings(path: Path) -> Iterator[None]:
    """Send a library's many warnings on harmless breaches of the standard to the log at level INFO.

    Args:
        path: the file, named in the log.

    Yields:
        Nothing; the block calls the library.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        _LOGGER.info("%s: %s", path, warning.message)
