# SPDX-License-Identifier: Apache-2.0
"""One source of a data folder with INDEX.tsv and LABELS.tsv, read through `GroundingFolder`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.annotation_files import read_boxes, read_labelmap, read_masks, read_run_lengths
from monai_medglip.data_engine.folder_record import AnnotationKind, FolderRecord
from monai_medglip.data_engine.grounding_folder import GroundingFolder
from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["DataFolder", "DataFolderReader"]

_MASK_READERS = {
    AnnotationKind.LABELMAP: read_labelmap,
    AnnotationKind.MASKS: read_masks,
    AnnotationKind.RLE: read_run_lengths,
}


@dataclass(frozen=True)
class DataFolder:
    """The layout of ``docs/reference/data-folder.md``; the folder must be local.

    Args:
        source: which of the folder's sources.
        folder: the folder with INDEX.tsv, relative to the data set's.
    """

    source: str
    folder: str = "."

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        data = GroundingFolder(root / self.folder, source=self.source)
        values = tuple(rule.value for rule in data.labels(self.source))
        for record in data.records(sources=[self.source]):
            yield SourceItem(
                id=record.id,
                image=record.image,
                annotation=DataFolderReader(record, values),
                modality=record.modality,
                body_region=record.body_region,
                patient=record.patient,
                split=record.split,
            )


@dataclass(frozen=True)
class DataFolderReader:
    """Reads the annotation of one record.

    Args:
        record: the row of INDEX.tsv.
        values: the values that LABELS.tsv lists for its source.
    """

    record: FolderRecord
    values: tuple[str, ...]

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each mask or box, see `AnnotationReader`."""
        if scan.spatial_shape != self.record.shape:
            raise DataError(
                f"{self.record.image}: expected an image of {self.record.shape} as INDEX.tsv says, got "
                f"{scan.spatial_shape}"
            )
        if self.record.kind is AnnotationKind.BOXES:
            boxes = read_boxes(self.record, self.values)
            return tuple(Annotation(value, box) for value, found in boxes.items() for box in found)
        masks = _MASK_READERS[self.record.kind](self.record, self.values)
        return tuple(
            Annotation(value, mask=MaskRLE.encode(mask))
            for value, found in masks.items()
            for mask in found
            if mask.any()
        )
