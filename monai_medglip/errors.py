# SPDX-License-Identifier: Apache-2.0
"""The exceptions that monai_medglip raises on purpose.

::

    MedGLIPError
    ├── GeometryError (also ValueError)       affines, frames and boxes that cannot be
    ├── ImageReadError                        a file that cannot be read as an image
    │   └── UnsupportedImageError             a readable image of a kind that is refused
    ├── PhraseError (also ValueError)         a phrase that cannot be asked
    ├── OntologyError                         a concept table that breaks its own rules
    ├── DataError                             a data set that breaks its own index
    ├── ConfigurationError                    a setting that is unknown or out of range
    ├── StorageError                          a remote storage that does not answer
    ├── WeightsError                          weights that are missing or do not fit
    └── OutputError                           a result that could not be written

Every message says what was expected, what came, and what to do.
"""

from __future__ import annotations

__all__ = [
    "ConfigurationError",
    "DataError",
    "GeometryError",
    "ImageReadError",
    "MedGLIPError",
    "OntologyError",
    "OutputError",
    "PhraseError",
    "StorageError",
    "UnsupportedImageError",
    "WeightsError",
]


class MedGLIPError(Exception):
    """Root of all errors that this package raises on purpose."""


class GeometryError(MedGLIPError, ValueError):
    """An affine, a frame or a box that cannot be, or a question that the frame cannot answer."""


class ImageReadError(MedGLIPError):
    """A file that cannot be read as an image: missing, empty, truncated, of another format."""


class UnsupportedImageError(ImageReadError):
    """A readable image of a kind that is refused, because its regions would come out wrong."""


class PhraseError(MedGLIPError, ValueError):
    """A phrase that cannot be asked: empty, too long, without a word."""


class OntologyError(MedGLIPError):
    """A concept table that breaks its own rules, or a concept that is not in it."""


class DataError(MedGLIPError):
    """A data set whose index, labels and files do not agree."""


class ConfigurationError(MedGLIPError):
    """A setting that is unknown, contradictory or out of range."""


class StorageError(MedGLIPError):
    """A remote storage that does not answer; the data may be in order."""


class WeightsError(MedGLIPError):
    """Weights that are missing, damaged, or made for another network."""


class OutputError(MedGLIPError):
    """A result that could not be written: no permission, no space, no such folder."""
