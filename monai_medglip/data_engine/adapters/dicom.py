# SPDX-License-Identifier: Apache-2.0
"""DICOM series with what was drawn on them as DICOM SEG or RTSTRUCT."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.dicom_reference import SeriesIdentity, why_not_of
from monai_medglip.data_engine.adapters.file_pattern import FoundPath
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.segmentation_object import segmentation_annotations
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.adapters.structure_set import structure_annotations
from monai_medglip.data_engine.local_copy import local_copy
from monai_medglip.errors import DataError, ImageReadError
from monai_medglip.imaging.scan import Scan
from monai_medglip.readers.library_errors import import_extra, library_errors, logged_warnings

__all__ = ["Dicom", "DicomReader"]

_DRAWN = ("SEG", "RTSTRUCT")


@dataclass(frozen=True)
class Dicom:
    """A layout of series and of the objects drawn on them; which belongs to which is told by their UIDs when read.

    Args:
        images: the folders of the series, or single files.
        annotations: patterns of SEG and RTSTRUCT files, or of folders that hold them; they share words with those of
            the images, at least the patient's.
        by_position: whether an object of the same frame of reference is taken that refers to another series, for data
            whose UIDs were replaced.
        without_file: what a series without such a file is.
    """

    images: ImageFiles
    annotations: tuple[str, ...]
    by_position: bool = False
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the series, see `Adapter`."""

        def reader(image: FoundPath, files: tuple[FoundPath, ...]) -> DicomReader:
            return DicomReader(image.path, tuple(file.path for file in files), self.by_position)

        yield from mask_items(self.images, root, self.annotations, self.without_file, reader)


@dataclass(frozen=True)
class DicomReader:
    """Reads the segmentations and structure sets of one series.

    Args:
        image: the folder of the series, or a single file.
        paths: files that may have been drawn on it, or folders of such files.
        by_position: whether the same frame of reference is enough.
    """

    image: Path
    paths: tuple[Path, ...]
    by_position: bool = False

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each segment or region of interest, see `AnnotationReader`.

        Raises:
            DataError: as there, and when none of the files was drawn on this series.
        """
        series = SeriesIdentity.read(self.image, scan.source.sop_instance_uids)
        annotations: list[Annotation] = []
        others, belongs = [], 0
        for path in _files(self.paths):
            with local_copy(path) as local, _readable(local):
                dataset = _drawn(local)
                if dataset is None:
                    continue
                reason = why_not_of(dataset, series, by_position=self.by_position)
                if reason is not None:
                    others.append(f"{path} {reason}")
                    continue
                belongs += 1
                annotations += _annotations(dataset, scan, local)
        if not belongs:
            raise DataError(
                f"{self.image}: expected a SEG or RTSTRUCT that was drawn on the series {series.series} in the frame "
                f"of reference {series.frame_of_reference or 'that it does not name'}; found "
                f"{'; '.join(others) or 'none of either kind'}"
            )
        return tuple(annotations)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.iterdir()) if path.is_dir() else [path]


def _drawn(path: Path) -> Any:
    """Read a segmentation or structure set; None for any other file."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        kind = dcmread(path, specific_tags=["Modality"], stop_before_pixels=True).get("Modality")
        return dcmread(path) if kind in _DRAWN else None
    except InvalidDicomError:
        return None


def _annotations(dataset: Any, scan: Scan, path: Path) -> tuple[Annotation, ...]:
    if dataset.Modality == "RTSTRUCT":
        return structure_annotations(dataset, scan, str(path))
    highdicom = import_extra("highdicom", "dicom", path)
    segmentation = highdicom.seg.Segmentation.from_dataset(dataset, copy=False)
    return segmentation_annotations(segmentation, scan, str(path))


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Give whatever libraries raise as an error of the data set's."""
    try:
        with library_errors(path, "DICOM object"), logged_warnings(path):
            yield
    except ImageReadError as problem:
        raise DataError(str(problem)) from problem
