# SPDX-License-Identifier: Apache-2.0
"""SLAKE: a folder for each image with boxes in detection.json and, for CT and MR, a label map in mask.png."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.boxes_and_masks import boxes_and_masks, named_masks
from monai_medglip.data_engine.adapters.drawn_box import checked_box
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.json_file import json_value, read_json
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import ConfigurationError, DataError
from monai_medglip.imaging.modality import Modality
from monai_medglip.imaging.scan import Scan

__all__ = ["Slake", "SlakeReader"]


@dataclass(frozen=True)
class Slake:
    """The layout of SLAKE as its authors give it.

    Modality and split of an image are told by the lists of questions. The mask of a radiograph is a picture with the
    boxes drawn in, and is not read.

    Args:
        mask_names: what the numbers in the label maps stand for.
        images: the folders' images; the part ``{id}`` is the folder.
        questions: the lists of questions by split.
    """

    mask_names: Mapping[str, str]
    images: ImageFiles = field(default_factory=lambda: ImageFiles(("imgs/{id}/source.jpg",)))
    questions: Mapping[str, str] = field(
        default_factory=lambda: {"train": "train.json", "val": "validate.json", "test": "test.json"}
    )

    def __post_init__(self) -> None:
        """Check the numbers."""
        strange = [number for number in self.mask_names if not number.isdecimal()]
        if strange:
            raise ConfigurationError(f"expected numbers in 'mask_names', got {', '.join(strange)}")

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        make = self.images.item_maker(root)
        told = _told_by_questions(root, self.questions)
        names = {int(number): name for number, name in self.mask_names.items()}
        for image in self.images.find(root):
            folder = image.path.parent
            if folder.name not in told:
                raise DataError(f"{image.path}: expected questions on this image in {', '.join(self.questions)}")
            split, modality, location = told[folder.name]
            mask = None if modality is Modality.XR else folder / "mask.png"
            item = make(image, SlakeReader(folder / "detection.json", mask, names))
            yield replace(item, modality=modality, split=split, attributes=(*item.attributes, ("location", location)))


@dataclass(frozen=True)
class SlakeReader:
    """Reads boxes and label map of one image.

    Args:
        boxes: detection.json, a list of ``{name: [x, y, width, height]}``.
        mask: the label map, or None.
        names: what its numbers stand for.
    """

    boxes: Path
    mask: Path | None
    names: Mapping[int, str]

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each mask, and for each box without one, see `AnnotationReader`."""
        entries = read_json(self.boxes)
        if not isinstance(entries, list):
            raise DataError(f"{self.boxes}: expected a list of boxes, got {type(entries).__name__}")
        boxes = [box for place, entry in enumerate(entries) for box in _boxes(entry, f"{self.boxes}[{place}]")]
        return boxes_and_masks(boxes, {} if self.mask is None else named_masks(self.mask, self.names, scan))


def _boxes(entry: Any, where: str) -> Iterator[tuple[str, tuple[float, ...]]]:
    if not isinstance(entry, Mapping):
        raise DataError(f"{where}: expected an object with a name and a box, got {str(entry)[:80]}")
    for name, numbers in entry.items():
        try:
            x, y, width, height = (float(number) for number in numbers)
        except (TypeError, ValueError):
            raise DataError(f"{where}: expected x, y, width and height of {name!r}, got {numbers}") from None
        yield name, checked_box((x, y, x + width, y + height), where)


def _told_by_questions(root: Path, lists: Mapping[str, str]) -> dict[str, tuple[str, Modality, str]]:
    """Give split, modality and location by an image's folder."""
    told: dict[str, tuple[str, Modality, str]] = {}
    for split, name in lists.items():
        questions = read_json(root / name)
        if not isinstance(questions, list):
            raise DataError(f"{root / name}: expected a list of questions, got {type(questions).__name__}")
        for place, question in enumerate(questions):
            image, modality, location = (
                json_value(question, key, str, f"{root / name}[{place}]")
                for key in ("img_name", "modality", "location")
            )
            told.setdefault(image.split("/")[0], (split, Modality.parse(modality), location))
    return told
