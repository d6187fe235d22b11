# SPDX-License-Identifier: Apache-2.0
"""The JSON of PadChest-GR: reports sentence by sentence, the positive ones with boxes as shares of the image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.drawn_box import checked_box
from monai_medglip.data_engine.adapters.image_files import ImageFiles, ImageFinder
from monai_medglip.data_engine.adapters.json_file import json_value, read_json
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import DataError
from monai_medglip.imaging.scan import Scan

__all__ = ["PadchestGr", "PadchestGrReader"]


@dataclass(frozen=True)
class PadchestGr:
    """A layout of images and one JSON file of reports.

    A box is annotated once for each label of its sentence, and keeps the sentence in English (``phrase``) and Spanish
    (``phrase_es``), its places and progression. The whole report is told of the image, negative sentences included.

    Args:
        images: the images; ``{ImageID}`` and ``{StudyID}`` are known of each.
        reports: the JSON file.
    """

    images: ImageFiles
    reports: str

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        index = root / self.reports
        make = self.images.item_maker(root)
        finder = ImageFinder(self.images, root, ("ImageID", "StudyID"))
        studies = read_json(index)
        if not isinstance(studies, list):
            raise DataError(f"{index}: expected a list of studies, got {type(studies).__name__}")
        for place, study in enumerate(studies):
            where = f"{index}[{place}]"
            words = {key: json_value(study, key, str, where) for key in ("ImageID", "StudyID")}
            findings = tuple(json_value(study, "findings", list, where))
            reader = PadchestGrReader(f"{index}, {words['StudyID']}", findings)
            item = make(finder.find(words), reader)
            yield replace(item, attributes=(*item.attributes, ("report", _report(findings, where))))


@dataclass(frozen=True)
class PadchestGrReader:
    """Reads the boxes of one study.

    Args:
        where: file and study, for messages.
        findings: the sentences as the file has them.
    """

    where: str
    findings: tuple[Mapping[str, Any], ...]

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each box and label, see `AnnotationReader`."""
        return tuple(
            annotation
            for number, finding in enumerate(self.findings, start=1)
            for annotation in self._annotations(finding, scan, f"{self.where}, sentence {number}")
        )

    def _annotations(self, finding: Mapping[str, Any], scan: Scan, where: str) -> Iterator[Annotation]:
        # Negative sentences often lack the keys altogether.
        boxes, labels = finding.get("boxes") or [], finding.get("labels") or []
        if boxes and not labels:
            raise DataError(f"{where}: expected a label for a sentence with boxes, got none")
        width, height = scan.spatial_shape
        for number, box in enumerate(boxes, start=1):
            try:
                x_low, y_low, x_high, y_high = (float(share) for share in box)
            except (TypeError, ValueError):
                raise DataError(f"{where}, box {number}: expected four numbers, got {box}") from None
            edges = (x_low * width, y_low * height, x_high * width, y_high * height)
            for label in labels:
                yield Annotation(str(label), checked_box(edges, f"{where}, box {number}"), None, _told(finding))


def _told(finding: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    told = {
        "phrase": finding.get("sentence_en"),
        "phrase_es": finding.get("sentence_es"),
        "locations": ", ".join(map(str, finding.get("locations") or [])),
        "progression": finding.get("progression"),
    }
    return tuple((name, str(text)) for name, text in told.items() if text)


def _report(findings: tuple[Mapping[str, Any], ...], where: str) -> str:
    return " ".join(json_value(finding, "sentence_en", str, where).strip() for finding in findings)
