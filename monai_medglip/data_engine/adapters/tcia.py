# SPDX-License-Identifier: Apache-2.0
"""Downloads of the Cancer Imaging Archive, whose metadata.csv lists every series, drawn ones included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import AnnotationReader
from monai_medglip.data_engine.adapters.dicom import DicomReader
from monai_medglip.data_engine.adapters.file_pattern import FoundPath
from monai_medglip.data_engine.adapters.image_fact import FromNames
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import NoAnnotation
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.tables import TableRow, read_table

__all__ = ["Tcia"]

_COLUMNS = ("Series UID", "Subject ID", "Study UID", "Modality", "File Location")


def _listed_images() -> ImageFiles:
    return ImageFiles(
        ("{File Location}",),
        id="{Series UID}",
        patient=FromNames("{Subject ID}"),
        modality=FromNames("{Modality}"),
    )


@dataclass(frozen=True)
class Tcia:
    """A layout with a metadata.csv; series of one study are tried for each other's drawings.

    Args:
        table: the file.
        image_modality: DICOM's codes of the series that are images of the data set.
        annotation_modality: DICOM's codes of the series that are drawn on them.
        images: how images are told about; the columns of the table are known of each.
        by_position: whether the same frame of reference is enough, see `Dicom`.
        without_file: what a series is in whose study nothing is drawn.
    """

    table: str = "metadata.csv"
    image_modality: tuple[str, ...] = ("CT",)
    annotation_modality: tuple[str, ...] = ("SEG", "RTSTRUCT")
    images: ImageFiles = field(default_factory=_listed_images)
    by_position: bool = False
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the series, see `Adapter`."""
        rows = read_table(root / self.table, _COLUMNS, delimiter=",")
        drawn: dict[str, list[Path]] = {}
        for row in rows:
            if row.required("Modality") in self.annotation_modality:
                drawn.setdefault(row.required("Study UID"), []).append(_folder(root, row))
        make = self.images.item_maker(root)
        for row in sorted(rows, key=lambda row: row.required("Series UID")):
            if row.required("Modality") not in self.image_modality:
                continue
            image = self.images.named(root, FoundPath(_folder(root, row), row.cells))
            reader = self._reader(image, drawn.get(row.required("Study UID"), []))
            if reader is not None:
                yield make(image, reader)

    def _reader(self, image: FoundPath, folders: list[Path]) -> AnnotationReader | None:
        if folders:
            return DicomReader(image.path, tuple(folders), self.by_position)
        if self.without_file is WithoutFile.LEAVE_OUT:
            return None
        wanted = tuple(f"of {modality} in the study" for modality in self.annotation_modality)
        return NoAnnotation(wanted if self.without_file is WithoutFile.ERROR else ())


def _folder(root: Path, row: TableRow) -> Path:
    """Give the folder of a series; the retriever writes the paths of the system that it ran on."""
    parts = row.required("File Location").replace("\\", "/").split("/")
    if ".." in parts:
        row.fail(f"expected a folder below the data set's, got {row.required('File Location')!r}")
    return root.joinpath(*(part for part in parts if part not in ("", ".")))
