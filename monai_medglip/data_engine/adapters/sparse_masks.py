# SPDX-License-Identifier: Apache-2.0
"""Volumes and masks as tables of voxels, one file for each structure, as OpenKBP has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.file_pattern import FoundPath
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.adapters.sparse_voxels import SparseForm
from monai_medglip.data_engine.local_copy import local_copy
from monai_medglip.errors import ConfigurationError, DataError
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["SparseMasks", "SparseMasksReader"]


@dataclass(frozen=True)
class SparseMasks:
    """A layout of volumes and masks as tables; how voxels are numbered is told under ``images.pixels.sparse``.

    Args:
        images: the volumes.
        masks: patterns of the masks' paths by the value that they stand for.
        without_file: what a volume without any mask is.

    Raises:
        ConfigurationError: when it is not told how voxels are numbered.
    """

    images: ImageFiles
    masks: Mapping[str, tuple[str, ...]]
    without_file: WithoutFile = WithoutFile.ERROR

    def __post_init__(self) -> None:
        """Check that the numbering is told."""
        self._form()

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the volumes, see `Adapter`."""
        values = {text: value for value, texts in self.masks.items() for text in texts}
        form = self._form()

        def reader(_: FoundPath, files: tuple[FoundPath, ...]) -> SparseMasksReader:
            return SparseMasksReader(tuple((values[file.pattern], file.path) for file in files), form)

        yield from mask_items(self.images, root, tuple(values), self.without_file, reader)

    def _form(self) -> SparseForm:
        form = self.images.pixels.sparse
        if form is None:
            raise ConfigurationError("expected shape, orientation and spacing under 'images.pixels.sparse', got none")
        return form


@dataclass(frozen=True)
class SparseMasksReader:
    """Reads masks as tables of voxels.

    Args:
        files: value and path of each mask of one volume.
        form: how voxels are numbered.
    """

    files: tuple[tuple[str, Path], ...]
    form: SparseForm

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each table that names a voxel, see `AnnotationReader`."""
        if scan.spatial_shape != self.form.shape:
            raise DataError(f"{scan.source.path}: expected a volume of {self.form.shape}, got {scan.spatial_shape}")
        annotations = []
        for value, path in self.files:
            with local_copy(path) as local:
                mask = self.form.read_mask(local)
            if mask.any():
                annotations.append(Annotation(value, mask=MaskRLE.encode(mask)))
        return tuple(annotations)
