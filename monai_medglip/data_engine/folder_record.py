# SPDX-License-Identifier: Apache-2.0
"""One row of a data folder's INDEX.tsv: a record, and where and how its annotation is stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from monai_medglip.data_engine.record import Record

__all__ = ["AnnotationKind", "FolderRecord"]


class AnnotationKind(str, Enum):
    """How the regions of an image are stored."""

    LABELMAP = "labelmap"
    """One image whose pixels are label values."""
    MASKS = "masks"
    """One mask file per structure, where structures overlap."""
    BOXES = "boxes"
    """Rows of a table."""
    RLE = "rle"
    """Run-length coded masks in a JSON file."""


@dataclass(frozen=True)
class FolderRecord(Record):
    """An image of a data folder.

    Args:
        annotation: paths of the annotation files; several only for `AnnotationKind.MASKS`.
        kind: how the annotation is stored.
    """

    annotation: tuple[Path, ...]
    kind: AnnotationKind
