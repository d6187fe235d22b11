# SPDX-License-Identifier: Apache-2.0
"""One volume of a 4D NIfTI file as a file of its own, so that every check of `read_image` holds for it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from monai_medglip.errors import DataError, MedGLIPError
from monai_medglip.readers.library_errors import library_errors

__all__ = ["one_volume", "volume_count"]


@contextlib.contextmanager
def one_volume(path: Path, number: int) -> Iterator[Path]:
    """Write one volume as a file.

    Args:
        path: a local file; one of three axes is its only volume.
        number: of the volume, counted from 0.

    Yields:
        The path of the file, which is gone when the block ends.

    Raises:
        ImageReadError: when the file is damaged.
        DataError: when it has no such volume.
        MedGLIPError: as the block raises it, with the path of the 4D file in the place of the volume's.
    """
    import nibabel

    with tempfile.TemporaryDirectory() as folder:
        single = Path(folder) / "volume.nii"
        with library_errors(path, "NIfTI image"):
            image: Any = nibabel.load(path)
            volumes = _count(image)
            if not 0 <= number < volumes:
                raise DataError(f"{path}: expected a volume of number {number}, counted from 0; the file has {volumes}")
            nibabel.save(image.slicer[..., number] if len(image.shape) == 4 else image, single)
        try:
            yield single
        except MedGLIPError as problem:
            raise type(problem)(str(problem).replace(str(single), str(path))) from problem


def volume_count(path: Path) -> int:
    """Give how many volumes a local file has, from its header.

    Raises:
        ImageReadError: when the file is damaged.
    """
    import nibabel

    with library_errors(path, "NIfTI image"):
        return _count(nibabel.load(path))


def _count(image: Any) -> int:
    return int(image.shape[3]) if len(image.shape) == 4 else 1
