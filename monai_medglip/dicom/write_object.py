# SPDX-License-Identifier: Apache-2.0
"""Writing a DICOM object so that a reader sees all of it or none of it."""

from __future__ import annotations

import os
from pathlib import Path

from pydicom import Dataset

from monai_medglip.atomic_file import atomic_file

__all__ = ["write_object"]


def write_object(path: str | os.PathLike[str], dataset: Dataset) -> Path:
    """Write a result as a DICOM file.

    Args:
        path: the file.
        dataset: what `structured_report` or `segmentation` made.

    Returns:
        The path.

    Raises:
        OutputError: when the file cannot be written.
    """
    with atomic_file(path) as temporary:
        dataset.save_as(temporary, enforce_file_format=True)
    return Path(path)
